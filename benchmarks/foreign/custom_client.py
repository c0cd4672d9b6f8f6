"""A client that Locust does not know: it fires Locust's `request` event for what it did.

Messages that nobody answers have no response time.
"""

import time
import urllib.request
from urllib.error import HTTPError

from locust import User, constant, task


class Client:
    def __init__(self, host, environment):
        self._host, self._environment = host, environment

    def call(self, path):
        context, length, error = {"path": path}, 0, None
        began_s, began_at = time.perf_counter(), time.time()
        try:
            with urllib.request.urlopen(self._host + path, timeout=5) as answer:
                length = len(answer.read())
        except HTTPError as caught:
            error = caught
        self._environment.events.request.fire(
            request_type="CALL",
            name=path,
            start_time=began_at,
            response_time=(time.perf_counter() - began_s) * 1000,
            response_length=length,
            context=context,
            exception=error,
        )

    def send(self, topic):
        self._environment.events.request.fire(
            request_type="SEND", name=topic, response_time=None, response_length=0, exception=None
        )


class Device(User):
    wait_time = constant(0.05)

    def __init__(self, environment):
        super().__init__(environment)
        self.client = Client(self.host, environment)

    @task
    def report(self):
        self.client.call("/flaky")
        self.client.send("temperature")
