"""Times of whole steps, beside those of their requests: `events.request.measure`."""

import time

from locust import HttpUser, between, task


class SoldOut(Exception):
    pass


class Customer(HttpUser):
    wait_time = between(0.02, 0.1)

    def step(self, name):
        return self.environment.events.request.measure("STEP", name)

    @task(3)
    def order(self):
        with self.step("order") as step:
            self.client.get("/products/7")
            answer = self.client.post("/orders", json={"product": 7})
            step["response_length"] = len(answer.content)

    @task
    def sold_out(self):
        with self.step("sold out"):
            time.sleep(0.03)
            raise SoldOut("nothing left")  # measure() keeps it: the step failed
