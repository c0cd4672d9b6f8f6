"""Locust's faster client: its own settings, and `rest` for answers in JSON."""

from locust import FastHttpUser, constant, task


class Customer(FastHttpUser):
    wait_time = constant(0.05)
    connection_timeout = 5
    network_timeout = 5
    default_headers = {"Accept-Language": "en"}

    @task(4)
    def product(self):
        with self.rest("GET", "/products/7", name="/products/[id]") as answer:
            assert answer.js["id"] == 7, "another product"

    @task(2)
    def price_that_is_wrong(self):
        with self.rest("GET", "/products/8") as answer:
            assert answer.js["price"] > 100, "too cheap"  # an exception here fails the request

    @task
    def page(self):
        with self.client.get("/", catch_response=True) as answer:
            if "shop" not in answer.text:
                answer.failure("not the shop")
