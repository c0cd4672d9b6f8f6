"""Data from a CSV file beside the locustfile; one name for all of its URLs."""

import csv
from itertools import cycle
from pathlib import Path

from locust import FastHttpUser, constant_throughput, task

with (Path(__file__).parent / "products.csv").open(newline="") as file:
    products = cycle(list(csv.DictReader(file)))


class Customer(FastHttpUser):
    wait_time = constant_throughput(10)

    @task(3)
    def product(self):
        row = next(products)
        self.client.get(f"/products/{row['id']}", name=f"/products/[{row['kind']}]")

    @task
    def search(self):
        row = next(products)
        with self.client.rename_request("/search?q=[title]"):
            self.client.get(f"/search?q={row['title']}")
            self.client.get(f"/search?q={row['title']}&page=2")
