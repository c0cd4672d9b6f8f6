"""The workloads' own arguments to the locust command.

Locust sends them from the master to its workers, so they stay plain text and numbers here and
become a `WorkloadSettings` in each process when a test starts.
"""

import argparse
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from aqp_perf.core.data.dataset import DataSettings, KeyChoice
from aqp_perf.core.data.declared_item import SETTINGS
from aqp_perf.core.data.statements import DEFAULT_TABLE
from aqp_perf.core.load.pacing import Pacing, parse_pacing
from aqp_perf.core.proof.sampling import Verification, parse_verification
from aqp_perf.errors import ConfigError
from aqp_perf.loadgen.command.argument_values import (
    ClientChoice,
    parse_client,
    parse_data,
)
from aqp_perf.loadgen.command.own_arguments import OwnArguments

NO_ENDPOINT: Final = "none"
"""The endpoint of a run without a DynamoDB: its users must not find one by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSettings:
    """What the users of one run do, and where.

    Args:
        table: the table that is written and read.
        endpoint_url: a DynamoDB-compatible endpoint; None: AWS, as botocore resolves it;
            `NO_ENDPOINT`: there is no DynamoDB.
        region: the AWS region; None: as botocore resolves it.
        pacing: when requests are due.
        data: what is read and written.
        item: ``module:Class`` of the items that the table was made for; None: not known.
        client: the DynamoDB client to use.
        run_id: makes the order ids of this run differ from those of any other.
        verification: which answers are checked.
    """

    table: str
    endpoint_url: str | None
    region: str | None
    pacing: Pacing
    data: DataSettings
    item: str | None
    client: ClientChoice
    run_id: str
    verification: Verification

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> "WorkloadSettings":
        """Return the settings in locust's parsed options."""
        return cls(
            table=options.perf_table,
            endpoint_url=options.perf_endpoint_url or None,
            region=options.perf_region or None,
            pacing=parse_pacing(options.perf_pacing),
            data=DataSettings(seed=options.perf_data_seed, values=parse_data(options.perf_data)),
            item=options.perf_item or None,
            client=parse_client(options.perf_client),
            run_id=options.perf_run_id,
            verification=parse_verification(options.perf_verify),
        )


def add_workload_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments behind `WorkloadSettings` to locust's parser."""
    own = OwnArguments(parser, "DynamoDB and AQP workloads")
    add, add_read = partial(own.add, has_short=True), partial(own.add, has_short=True, is_read=True)
    add_read("table", default=DEFAULT_TABLE, help="table to write and read")
    add_read("endpoint-url", default="", help="DynamoDB-compatible endpoint; default: AWS itself")
    add_read("region", default="", help="AWS region; default: as botocore finds it")
    add(
        "pacing",
        type=checked(parse_pacing),
        default="think",
        help="'think', 'none' or arrivals per second in all: '200/s', '200/s:poisson', "
        "'0..200/s@30s,200/s@2m'",
    )
    add(
        "client",
        type=checked(parse_client),
        default="fast",
        help="DynamoDB client: 'fast', 'boto3', or 'boto3:3' for up to 3 attempts per request",
    )
    add(
        "verify",
        type=checked(parse_verification),
        default="off",
        help="answers to check: 'all', 'off', 'sample:10%%'; the table must hold the seeded data",
    )
    add("data-seed", type=int, default=1, help="seed of all data")
    add(
        "data",
        type=checked(parse_data),
        default=f"key_choice={KeyChoice.UNIFORM}",
        help=f"sizes of the data as KEY=VALUE,…: {', '.join(SETTINGS)}, and those of the item",
    )
    add("item", default="", help="MODULE:CLASS of the items that the table was made for")
    add(
        "run-id",
        default=secrets.token_hex(4),
        help="part of every order id; default: a new one for every run",
    )


def checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Return an argparse type that checks a text with ``parse`` and keeps it as text."""

    def check(text: str) -> str:
        try:
            parse(text)
        except (ValueError, ConfigError) as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return text

    return check
