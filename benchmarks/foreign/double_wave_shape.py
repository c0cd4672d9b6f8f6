"""A load shape of two waves over a base load; in the second one administrators come, too.

It never ends by itself: the run time does it.
"""

import math

from locust import HttpUser, LoadTestShape, constant, task


class Customer(HttpUser):
    wait_time = constant(0.1)

    @task
    def product(self):
        self.client.get("/products/7")


class Administrator(HttpUser):
    wait_time = constant(0.2)

    @task
    def report(self):
        self.client.get("/report")


class DoubleWave(LoadTestShape):
    base_users = 2
    peak_users = 10
    length_s = 4

    def tick(self):
        at = self.get_run_time() / self.length_s
        first, second = (math.exp(-(((at - peak) / 0.15) ** 2)) for peak in (0.25, 0.75))
        users = round(self.base_users + (first + second) * (self.peak_users - self.base_users))
        classes = [Customer] if at < 0.5 else [Customer, Administrator]
        return users, 20, classes
