"""The workloads' own arguments to the locust command.

Locust sends them from the master to its workers, so they stay plain text and numbers here and
become a `WorkloadSettings` in each process when a test starts.
"""

import argparse
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from aqp_perf.core.data.dataset import DATASET_SIZES, Dataset, KeyChoice
from aqp_perf.core.data.statements import DEFAULT_TABLE
from aqp_perf.core.load.pacing import Pacing, parse_pacing
from aqp_perf.core.proof.sampling import Verification, parse_verification

NO_ENDPOINT: Final = "none"
"""The endpoint of a run without a DynamoDB: its users must not find one by themselves."""


class ClientKind(StrEnum):
    """Which DynamoDB client the PartiQL users send with."""

    FAST = "fast"
    """Own signing over keep-alive connections; one attempt per request."""
    BOTO3 = "boto3"
    """The AWS SDK, at about a seventh of the rate; as many attempts per request as asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSettings:
    """What the users of one run do, and where.

    Args:
        table: the table that is written and read.
        endpoint_url: a DynamoDB-compatible endpoint; None: AWS, as botocore resolves it;
            `NO_ENDPOINT`: there is no DynamoDB.
        region: the AWS region; None: as botocore resolves it.
        pacing: when requests are due.
        dataset: what is read and written.
        client: the DynamoDB client to use.
        max_attempts: how often the boto3 client tries each request.
        run_id: makes the order ids of this run differ from those of any other.
        verification: which answers are checked.
    """

    table: str
    endpoint_url: str | None
    region: str | None
    pacing: Pacing
    dataset: Dataset
    client: ClientKind
    max_attempts: int
    run_id: str
    verification: Verification

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> "WorkloadSettings":
        """Return the settings in locust's parsed options.

        Raises:
            ValueError: sizes of the data set contradict each other.
        """
        return cls(
            table=options.table,
            endpoint_url=options.endpoint_url or None,
            region=options.region or None,
            pacing=parse_pacing(options.pacing),
            dataset=Dataset(
                seed=options.data_seed,
                key_choice=KeyChoice(options.key_choice),
                **{name: getattr(options, name) for name in DATASET_SIZES},
            ),
            client=ClientKind(options.client),
            max_attempts=options.max_attempts,
            run_id=options.run_id,
            verification=parse_verification(options.verify),
        )


def add_workload_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments behind `WorkloadSettings` to locust's parser."""
    group = parser.add_argument_group("DynamoDB and AQP workloads")
    group.add_argument("--table", default=DEFAULT_TABLE, help="table to write and read")
    group.add_argument(
        "--endpoint-url", default="", help="DynamoDB-compatible endpoint; default: AWS itself"
    )
    group.add_argument("--region", default="", help="AWS region; default: as botocore finds it")
    group.add_argument(
        "--pacing",
        type=_checked(parse_pacing),
        default="think",
        help="'think', 'none' or arrivals per second in all: '200/s', '200/s:poisson', "
        "'0..200/s@30s,200/s@2m'",
    )
    group.add_argument("--data-seed", type=int, default=1, help="seed of all data")
    group.add_argument(
        "--client",
        choices=[kind.value for kind in ClientKind],
        default=ClientKind.FAST.value,
        help="DynamoDB client",
    )
    group.add_argument(
        "--max-attempts", type=int, default=1, help="attempts per request of the boto3 client"
    )
    group.add_argument(
        "--key-choice",
        choices=[choice.value for choice in KeyChoice],
        default=KeyChoice.UNIFORM.value,
        help="how often each partition is asked for",
    )
    group.add_argument(
        "--verify",
        type=_checked(parse_verification),
        default="off",
        help="answers to check: 'all', 'off', 'sample:10%%'; the table must hold the seeded data",
    )
    defaults = Dataset()
    for name, meaning in DATASET_SIZES.items():
        group.add_argument(
            "--" + name.replace("_", "-"), type=int, default=getattr(defaults, name), help=meaning
        )
    group.add_argument(
        "--run-id",
        default=secrets.token_hex(4),
        help="part of every order id; default: a new one for every run",
    )


def _checked(parse: Callable[[str], Any]) -> Callable[[str], str]:
    """Return an argparse type that checks a text with ``parse`` and keeps it as text."""

    def check(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return text

    return check
