"""Locust's own parser with our arguments and those of a locustfile."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest
from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

from aqp_perf.loadgen.command.failed_start import UnknownName
from aqp_perf.loadgen.command.measurement_arguments import add_measurement_arguments
from aqp_perf.loadgen.command.own_arguments import RESULT_FILE
from aqp_perf.loadgen.command.workload_arguments import WorkloadSettings, add_workload_arguments

Parse = Callable[..., Namespace]


def add_own(parser: Any) -> None:  # noqa: ANN401 - as Locust passes it to a listener
    """Add arguments as a locustfile does; some have names of ours."""
    parser.add_argument("--table", default="theirs")
    parser.add_argument("--my_items", type=int, nargs="*", default=[])
    parser.add_argument("--header", action="append", default=[])
    group = parser.add_argument_group("Shop")
    group.add_argument("--verify", action="store_true")
    group.add_argument("--region", env_var="SHOP_REGION", default="north")


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch) -> Parse:
    """Parse a command as pytest's runs have it."""

    def parsed(*argv: str, add: Callable[..., object] = add_own) -> Namespace:
        parser: Any = get_empty_argument_parser(default_config_files=[])
        setup_parser_arguments(parser)
        add_measurement_arguments(parser)
        add_workload_arguments(parser)
        add(parser)
        monkeypatch.setattr("sys.argv", ["locust", "-f", "-", *argv, RESULT_FILE, "r.json"])
        options: Namespace = parser.parse_args()
        return options

    return parsed


def test_file_and_workload_have_their_own_values(parse: Parse) -> None:
    options = parse("--perf-table=ours", "--perf-verify=all", "--perf-region=r", "--table=x")

    settings = WorkloadSettings.from_options(options)
    assert (options.table, options.verify, options.region) == ("x", False, "north")
    assert (settings.table, settings.region) == ("ours", "r")
    assert options.endpoint_url == "", "which the file lacks"


@pytest.mark.parametrize("name", ["my-items", "my_items"])
def test_names_are_found_in_either_spelling(parse: Parse, name: str) -> None:
    assert parse(f"--{name}", "1", "2").my_items == [1, 2]


def test_a_list_is_taken_by_an_argument_that_is_repeated(parse: Parse) -> None:
    options = parse("Shopper", "--header", "a", "b", "--my-items", "1", "2", "--header=c")

    assert (options.header, options.my_items) == (["a", "b", "c"], [1, 2])
    assert options.user_classes == ["Shopper"]


@pytest.mark.parametrize("name", ["--tabel", "--user", "--run", "--tab"])
def test_an_unknown_argument_comes_with_those_of_the_file(
    parse: Parse, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """An abbreviation is unknown, too: it might mean an argument of Locust's."""
    with pytest.raises(SystemExit, match="2"):
        parse(f"{name}=5")

    known = ("--table", "--my_items", "--header", "--verify", "--region")
    assert UnknownName.find_in(capsys.readouterr().err) == UnknownName("argument", name, known)


def test_an_unknown_argument_is_named_before_one_that_is_missing(
    parse: Parse, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the same one, written wrong."""
    with pytest.raises(SystemExit, match="2"):
        parse("--tennant=5", add=lambda parser: parser.add_argument("--tenant", required=True))

    unknown = UnknownName("argument", "--tennant", ("--tenant",))
    assert UnknownName.find_in(capsys.readouterr().err) == unknown


def test_a_file_without_arguments_has_none(
    parse: Parse, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse("--table=x", add=lambda _: None)

    assert UnknownName.find_in(capsys.readouterr().err) == UnknownName("argument", "--table", ())
