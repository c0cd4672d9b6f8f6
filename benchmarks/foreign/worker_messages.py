"""The master shares out accounts among its workers, so that no two users have the same one."""

from itertools import count

from locust import HttpUser, between, events, task
from locust.runners import MasterRunner, WorkerRunner

accounts = []
confirmed = count(1)


def take(environment, msg, **_kwargs):
    accounts.extend(msg.data)
    environment.runner.send_message("taken", len(msg.data))


def on_taken(msg, **_kwargs):
    print(f"message {next(confirmed)}: {msg.data} accounts")


@events.init.add_listener
def on_init(environment, **_kwargs):
    if not isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("accounts", take)
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message("taken", on_taken)


@events.test_start.add_listener
def on_test_start(environment, **_kwargs):
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return
    every = [f"account-{number}" for number in range(100)]
    workers = list(runner.clients) if isinstance(runner, MasterRunner) else [None]
    for number, worker in enumerate(workers):
        runner.send_message("accounts", every[number :: len(workers)], worker)


class Customer(HttpUser):
    wait_time = between(0.05, 0.2)

    def on_start(self):
        self.account = accounts.pop() if accounts else "guest"
        self.client.post("/login", json={"name": self.account})

    @task
    def orders(self):
        self.client.get(f"/orders?of={self.account}", name="/orders")
