"""Users log in when they start, send their token with each request, and log out at the end."""

from locust import HttpUser, between, task


class Customer(HttpUser):
    wait_time = between(0.05, 0.2)

    def on_start(self):
        answer = self.client.post("/login", json={"name": "ann", "password": "secret"})
        self.client.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    @task(3)
    def list_orders(self):
        self.client.get("/orders")

    @task
    def order(self):
        self.client.post("/orders", json={"product": 7})

    def on_stop(self):
        self.client.post("/logout")
