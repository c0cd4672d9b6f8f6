"""A visit has steps: a sequence of tasks, and task sets in task sets that users leave again."""

from locust import HttpUser, SequentialTaskSet, TaskSet, between, task
from locust.exception import RescheduleTask


class Checkout(SequentialTaskSet):
    def on_start(self):
        self.items = 0

    @task
    def fill_cart(self):
        self.items += 1
        self.client.post("/cart", json={"items": self.items})

    @task
    def pay(self):
        if self.client.get("/flaky", name="/pay").status_code != 200:
            raise RescheduleTask

    @task
    def done(self):
        self.interrupt(reschedule=False)


class Browse(TaskSet):
    tasks = {Checkout: 1}

    @task(5)
    def product(self):
        self.client.get("/products/7")

    @task
    class Reviews(TaskSet):
        @task(3)
        def read(self):
            self.client.get("/reviews")

        @task
        def back(self):
            self.interrupt()


class Visitor(HttpUser):
    wait_time = between(0.02, 0.1)
    tasks = [Browse]
