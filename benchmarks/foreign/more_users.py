"""Users on demand: as long as the shop is fast, a second's rest and then five more users."""

import gevent
from locust import HttpUser, constant, events, task
from locust.runners import STATE_RUNNING, WorkerRunner

MOST_USERS = 20


def grow(environment):
    runner = environment.runner
    while runner.user_count < MOST_USERS:
        gevent.sleep(1)
        if runner.state != STATE_RUNNING:
            continue
        if environment.stats.total.get_response_time_percentile(0.95) < 500:
            runner.start(runner.user_count + 5, spawn_rate=20)


@events.test_start.add_listener
def on_test_start(environment, **_kwargs):
    if not isinstance(environment.runner, WorkerRunner):
        environment.growing = gevent.spawn(grow, environment)


@events.test_stop.add_listener
def on_test_stop(environment, **_kwargs):
    environment.growing.kill(block=False)


class Customer(HttpUser):
    wait_time = constant(0.2)

    @task
    def product(self):
        self.client.get("/products/7")
