"""Open a DynamoDB client with the region and credentials that AWS's own tools would find."""

import os

import botocore.session

from aqp_perf.loadgen.clients.boto3_client import Boto3Client
from aqp_perf.loadgen.clients.credentials import (
    RENEWAL_ERRORS,
    credentials_problem,
    source_of,
)
from aqp_perf.loadgen.clients.dynamodb import DynamoDbClient
from aqp_perf.loadgen.clients.fast_client import FastClient
from aqp_perf.loadgen.command.workload_arguments import NO_ENDPOINT


def open_client(
    kind: str, endpoint_url: str | None, region: str | None, max_attempts: int = 1
) -> DynamoDbClient:
    """Return a client with credentials from botocore's own chain.

    Args:
        kind: ``fast`` or ``boto3``.
        endpoint_url: None: where AWS has DynamoDB in this region.
        region: None: that of the user's AWS configuration.
        max_attempts: how often ``boto3`` may send one request; ``fast`` sends it once.

    Raises:
        ValueError: there is no region, no credentials or no DynamoDB.
    """
    if endpoint_url == NO_ENDPOINT:
        raise ValueError(
            "this run has no DynamoDB: name one with --perf-target, or let the test ask for the "
            "fixture perf_table"
        )
    session = botocore.session.get_session()
    try:
        region = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not region:
            raise ValueError("no AWS region: give --region or set AWS_REGION")
        held = session.get_credentials()
        if held is None:
            raise ValueError("no AWS credentials: botocore's chain found none")
        if kind == "boto3":
            held.get_frozen_credentials()  # raises if they cannot be had
            return Boto3Client(endpoint_url, region, max_attempts=max_attempts)
        if endpoint_url is None:
            endpoint_url = session.create_client("dynamodb", region_name=region).meta.endpoint_url
        return FastClient(endpoint_url, region, source_of(held))
    except RENEWAL_ERRORS as error:
        raise ValueError(f"no AWS client: {credentials_problem(error)}") from error
