"""Wait times: a rate for each user, a fixed interval, and a function of one's own."""

import random

from locust import HttpUser, constant_pacing, constant_throughput, task


class TenPerSecond(HttpUser):
    wait_time = constant_throughput(10)

    @task
    def product(self):
        self.client.get("/products/7")


class EveryHalfSecond(HttpUser):
    wait_time = constant_pacing(0.5)

    @task
    def report(self):
        self.client.get("/report")


class AtRandom(HttpUser):
    def wait_time(self):
        return random.expovariate(10)

    @task
    def reviews(self):
        self.client.get("/reviews")
