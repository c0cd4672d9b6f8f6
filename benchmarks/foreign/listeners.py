"""Listeners of most events: set up, count, tear down, and decide about the exit code."""

from collections import Counter

from locust import HttpUser, constant, events, task

seen = Counter()


@events.init.add_listener
def on_init(environment, **_kwargs):
    seen["init"] += 1

    @environment.events.request.add_listener
    def on_request(exception, **_kwargs):
        seen["failed" if exception else "fine"] += 1


@events.test_start.add_listener
def on_test_start(environment, **_kwargs):
    print(f"seeding {environment.host}")
    seen["start"] += 1


@events.user_error.add_listener
def on_user_error(exception, **_kwargs):
    print(f"a task failed: {exception!r}")


@events.test_stop.add_listener
def on_test_stop(environment, **_kwargs):
    print(f"{environment.stats.total.num_requests} requests", dict(seen))


@events.quitting.add_listener
def on_quitting(environment, **_kwargs):
    total = environment.stats.total
    too_slow = total.get_response_time_percentile(0.95) > 2000
    environment.process_exit_code = int(total.fail_ratio > 0.5 or too_slow)


class Customer(HttpUser):
    wait_time = constant(0.1)

    @task(3)
    def product(self):
        self.client.get("/products/7", context={"kind": "book"})

    @task
    def flaky(self):
        self.client.get("/flaky")
