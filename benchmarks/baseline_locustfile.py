"""What people write without us: boto3 inside a locust user, and locust's HttpUser at an AQP.

The write user has the structure of the script that this project comes from: a client made at
import, one ExecuteStatement per task, timed around the call and fired as a request event.
"""

import os
import time
from random import Random
from uuid import uuid4

import boto3
from botocore.config import Config
from locust import HttpUser, User, constant, task

from aqp_perf.core.data.statements import (
    ZIPCODE_OPERATION,
    insert_statement,
    query_path,
    zipcode_query,
)
from tests.doubles.orders import OrderText, key_text, orders

TABLE = "performance_test_table"
STATUSES = ("CREATED", "PAYED", "CANCELED", "PROCESSED", "SHIPPED", "DELIVERED", "RETURNED")
RANDOM = Random(1)  # noqa: S311 - data, not secrets
DATASET = orders()
CLIENT = boto3.client(
    "dynamodb",
    endpoint_url=os.environ["BASELINE_URL"],
    config=Config(max_pool_connections=100, retries={"total_max_attempts": 1, "mode": "standard"}),
)


class Boto3WriteUser(User):
    """Writes as the seed's script does."""

    wait_time = constant(0)

    @task
    def write_to_ddb(self) -> None:
        """Insert one item."""
        status = RANDOM.choice(STATUSES)
        account, customer = RANDOM.randrange(100), RANDOM.randrange(100)
        parameters = [
            {"S": f"ACCOUNT#ACCOUNT{account}#CUSTOMER#CUSTOMER{customer}"},
            {"S": f"STATUS#{status}#ORDER#{uuid4()}"},
            {"N": str(RANDOM.randrange(10_000, 99_999))},
            {"S": f"user{RANDOM.randrange(1_000)}"},
            {"S": time.strftime("%Y-%m-%d %H:%M:%S")},
            {"S": status},
            {"N": str(RANDOM.uniform(0, 10_000))},
        ]
        start_s = time.perf_counter()
        exception = None
        try:
            CLIENT.execute_statement(
                Statement=insert_statement(TABLE, OrderText._fields),
                Parameters=parameters,
            )
        except CLIENT.exceptions.ClientError as error:
            exception = error
        self.environment.events.request.fire(
            request_type="partiQL",
            name="write_to_ddb",
            response_time=(time.perf_counter() - start_s) * 1_000,
            response_length=0,
            exception=exception,
            context={},
        )


class HttpAqpUser(HttpUser):
    """Reads an aggregate as the seed's script does, and parses the answer."""

    host = os.environ["BASELINE_URL"]
    wait_time = constant(0)

    @task
    def aggregate(self) -> None:
        """Ask for the amounts of one partition by zip code."""
        sql = zipcode_query(TABLE, key_text(DATASET, 0))
        response = self.client.get(
            query_path(sql), name=ZIPCODE_OPERATION, auth=("small-query-app", "secretEXAMPLE")
        )
        response.json()
