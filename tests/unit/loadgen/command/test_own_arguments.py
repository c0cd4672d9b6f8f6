"""Our arguments leave their names to the locustfiles, which add theirs to the same parser later."""

import argparse
from collections.abc import Callable

import pytest

from aqp_perf.loadgen.command.own_arguments import RESULT_FILE, OwnArguments

BUILT = (RESULT_FILE, "r.json")
"""What makes a command one of ours."""


def parse(*argv: str, file: Callable[[argparse.ArgumentParser], object]) -> argparse.Namespace:
    """Return the options of a command, whose locustfile adds its arguments as ``file`` does."""
    parser = argparse.ArgumentParser()
    first = OwnArguments(parser, "Measurement")
    first.add("result-file", has_short=True, default="")
    first.add("warmup", has_short=True, default="0")
    second = OwnArguments(parser, "Workload")
    second.add("table", has_short=True, is_read=True, default="ours")
    second.add("verify", has_short=True, default="off")
    file(parser)
    return parser.parse_args(argv)


def without_own(parser: argparse.ArgumentParser) -> None:
    del parser


def plain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", default="theirs")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--warm", type=int, dest="warmup", default=3)


def grouped(parser: argparse.ArgumentParser) -> None:
    plain(parser.add_argument_group("Shop"))  # type: ignore[arg-type]


def exclusive(parser: argparse.ArgumentParser) -> None:
    plain(parser.add_mutually_exclusive_group())  # type: ignore[arg-type]


files = pytest.mark.parametrize("file", [plain, grouped, exclusive])


@files
def test_a_file_keeps_its_names_and_gets_no_value_of_ours(file: Callable[..., object]) -> None:
    options = parse("--perf-table=t", "--perf-warmup=5s", "--perf-verify=all", *BUILT, file=file)

    assert (options.table, options.verify, options.warmup) == ("theirs", False, 3)
    assert (options.perf_table, options.perf_verify, options.perf_warmup) == ("t", "all", "5s")


@files
@pytest.mark.parametrize("built", [BUILT, ()])
def test_a_name_of_the_file_is_the_files_in_every_command(
    file: Callable[..., object], built: tuple[str, ...]
) -> None:
    options = parse("--table=x", *built, file=file)

    assert (options.table, options.perf_table) == ("x", "ours")
    assert parse("--verify", *built, file=file).verify is True


def test_a_command_by_hand_has_short_names_where_the_file_has_none() -> None:
    options = parse("--table", "t", "--warmup", "5s", "--result-file", "r", file=without_own)

    assert (options.perf_table, options.perf_warmup, options.perf_result_file) == ("t", "5s", "r")
    assert options.table == "t"


def test_a_command_of_ours_has_no_short_names(capsys: pytest.CaptureFixture[str]) -> None:
    """An argument for the file that the file does not have must not change the run."""
    with pytest.raises(SystemExit):
        parse("--table=x", *BUILT, file=without_own)

    assert "unrecognized arguments: --table=x" in capsys.readouterr().err


def test_a_file_without_an_argument_of_that_name_reads_ours() -> None:
    options = parse("--perf-table=t", *BUILT, file=without_own)

    assert options.table == "t"
    assert not hasattr(options, "verify")


def test_an_argument_of_the_file_without_a_value_gets_none_of_ours() -> None:
    def suppressed(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--shop-table", dest="table", default=argparse.SUPPRESS)

    assert not hasattr(parse(*BUILT, file=suppressed), "table")


def test_a_name_of_locusts_own_is_an_error_as_without_us() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host")
    OwnArguments(parser, "Measurement").add("warmup", has_short=True)

    with pytest.raises(argparse.ArgumentError, match="conflicting option string: --host"):
        parser.add_argument("--host")
