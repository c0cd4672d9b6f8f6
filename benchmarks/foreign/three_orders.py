"""Each user orders three times and goes; the last one ends the run (needs `ends_itself=True`)."""

from locust import HttpUser, between, task
from locust.exception import StopUser


class Customer(HttpUser):
    wait_time = between(0.05, 0.2)

    def on_start(self):
        self.orders = 0

    @task
    def order(self):
        self.client.get("/products/7")
        self.client.post("/orders", json={"product": 7})
        self.orders += 1
        if self.orders == 3:
            raise StopUser

    def on_stop(self):
        if self.environment.runner.user_count <= 1:
            self.environment.runner.quit()
