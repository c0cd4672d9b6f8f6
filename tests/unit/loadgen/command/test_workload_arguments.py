"""The workloads' arguments are plain values for locust, and become settings."""

import argparse

import pytest

from aqp_perf.core.data.dataset import KeyChoice
from aqp_perf.core.load.pacing import ClosedModel, OpenModel
from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.argument_values import ClientChoice, ClientKind
from aqp_perf.loadgen.command.workload_arguments import WorkloadSettings, add_workload_arguments
from aqp_perf.workloads.order import Order


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_workload_arguments(parser)
    return parser.parse_args(argv)


def test_the_defaults_are_aws_with_think_times() -> None:
    settings = WorkloadSettings.from_options(parse())

    assert (settings.endpoint_url, settings.region) == (None, None)
    assert (settings.pacing, settings.client) == (ClosedModel.THINK, ClientChoice(ClientKind.FAST))


def test_every_argument_reaches_the_settings() -> None:
    argv = "--table t --endpoint-url http://h:1 --region r --pacing 2.5/s --data-seed 7"
    sizes = "accounts=3,customers=5,usernames=7,zipcodes=11,partitions=2,items_per_partition=13"
    more = f"--data {sizes},key_choice=zipf --client boto3:4 --run-id me"
    settings = WorkloadSettings.from_options(parse(*f"{argv} {more}".split()))

    assert (settings.table, settings.endpoint_url, settings.region) == ("t", "http://h:1", "r")
    assert (settings.pacing, settings.client) == (
        OpenModel.at(2.5),
        ClientChoice(ClientKind.BOTO3, 4),
    )
    assert settings.run_id == "me"
    dataset = settings.data.of(Order)
    assert (dataset.seed, dataset.key_choice) == (7, KeyChoice.ZIPF)
    assert dataset.sizes == {"accounts": 3, "customers": 5, "usernames": 7, "zipcodes": 11}
    assert (dataset.partitions, dataset.items_per_partition) == (2, 13)


def test_options_are_plain_values_that_locust_can_send() -> None:
    assert {type(value) for value in vars(parse("--pacing", "9/s")).values()} <= {str, int}


def test_every_run_has_another_id() -> None:
    assert parse().perf_run_id != parse().perf_run_id


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        *(("--pacing", text) for text in ("fast", "0/s", "-1/s", "200", "")),
        *(("--client", text) for text in ("curl", "boto3:0", "boto3:", "fast:2")),
        *(("--data", text) for text in ("partitions", "partitions=x", "=3", "")),
    ],
)
def test_a_bad_value_is_a_usage_error_that_names_the_argument(
    argument: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(f"{argument}={text}")
    assert f"/{argument}: " in capsys.readouterr().err


def test_sizes_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidOption, match="partitions"):
        WorkloadSettings.from_options(
            parse("--perf-data=accounts=1,customers=2,partitions=3")
        ).data.of(Order)
