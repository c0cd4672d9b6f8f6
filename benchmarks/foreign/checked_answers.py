"""What counts as a failure is for the locustfile to say: `catch_response`, and exceptions."""

import random

from locust import HttpUser, between, task


class WrongPrice(Exception):
    pass


class Customer(HttpUser):
    wait_time = between(0.02, 0.1)

    @task(3)
    def product(self):
        number = random.choice([1, 2, 3, 4])
        with self.client.get(
            f"/products/{number}", name="/products/[id]", catch_response=True
        ) as answer:
            if answer.json()["id"] == 4:
                answer.failure(WrongPrice("4 costs nothing"))

    @task(3)
    def flaky(self):
        self.client.get("/flaky")

    @task
    def missing(self):
        with self.client.get("/missing", catch_response=True) as answer:
            if answer.status_code == 404:
                answer.success()

    @task
    def slow(self):
        with self.client.get("/slow", catch_response=True) as answer:
            if answer.elapsed.total_seconds() > 0.02:
                answer.failure("slower than 20 ms")
