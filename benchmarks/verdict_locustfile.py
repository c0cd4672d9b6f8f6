"""Users of one's own, written as the documentation shows.

The service is that of ``SERVICE_URL``.
"""

import os

import requests

from aqp_perf.users import PacedUser


class CheckoutUser(PacedUser):
    """Checks out."""

    host = os.environ.get("SERVICE_URL")
    operation = "checkout"

    def on_start(self) -> None:
        """Open a session."""
        super().on_start()
        self.session = requests.Session()

    def send(self, index: int, due_ns: int) -> None:
        """Check out one cart."""
        context, response, failure = self.timing(due_ns), None, None
        try:
            response = self.session.post(
                f"{self.host}/{self.operation}", json={"cart": index}, timeout=10
            )
            response.raise_for_status()
        except requests.RequestException as error:
            failure = error
        self.report("POST", self.operation, context, exception=failure, response=response)


class PayUser(CheckoutUser):
    """Pays."""

    operation = "pay"
