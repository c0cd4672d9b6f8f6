"""Arguments for a locustfile are words of the command; those of the run are refused."""

import pytest

from aqp_perf.loadgen.command.file_arguments import FileArgument, by_name, parse_argument


@pytest.mark.parametrize(
    ("text", "name", "given", "words"),
    [
        ("table=x", "table", "x", ["--table=x"]),
        ("--table=x", "table", "x", ["--table=x"]),
        ("my_table=a=b", "my_table", "a=b", ["--my_table=a=b"]),
        ("offset=-5", "offset", "-5", ["--offset=-5"]),
        ("empty=", "empty", "", ["--empty="]),
        ("verbose", "verbose", True, ["--verbose"]),
        ("-n=5", "n", "5", ["-n=5"]),
        ("exclude-tags=slow", "exclude-tags", "slow", ["--exclude-tags=slow"]),
        ("csv=out", "csv", "out", ["--csv=out"]),
        ("skip-log-setup", "skip-log-setup", True, ["--skip-log-setup"]),
    ],
)
def test_an_argument_in_every_form(text: str, name: str, given: object, words: list[str]) -> None:
    argument = parse_argument(text)

    assert (argument.name, argument.given, argument.words) == (name, given, words)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("users=5", "use the option users"),
        ("-u=5", "use the option users"),
        ("run_time=5s", "use the option run_time"),
        ("--run-time=5s", "use the option run_time"),
        ("host=http://h", "use the option host"),
        ("tags=slow", "use the option tags"),
        ("locustfile=a.py", "use locustfile="),
        ("headless", "a run has no web UI"),
        ("worker", "use the option processes"),
        ("master", "use the option expect_workers"),
        ("list", "it ends locust before any load"),
        ("perf-warmup=0", "the command of a run says everything in options of its own"),
        ("perf_table=x", "the command of a run says everything in options of its own"),
    ],
)
def test_what_the_run_gives_locust_is_refused_with_its_option(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=f"^this is no argument for a locustfile: {advice}"):
        parse_argument(text)


@pytest.mark.parametrize("text", ["", "=x", "--", "a b=c", " =", "a=\0"])
def test_what_is_no_argument_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^write NAME=VALUE, or NAME for a flag$"):
        parse_argument(text)


def test_arguments_of_a_higher_layer_replace_those_of_the_same_name() -> None:
    """Within a layer, several values of one name are one argument, whatever its spelling."""
    lower = by_name((), [parse_argument(text) for text in ("my-table=a", "items=1", "items=2")])
    both = by_name(lower, [parse_argument(text) for text in ("my_table=b", "quick")])

    assert lower == (FileArgument("my-table", ("a",)), FileArgument("items", ("1", "2")))
    assert list(map(str, both)) == ["items=1,2", "my_table=b", "quick"]
    assert both[0].words == ["--items", "1", "2"]
    assert both[0].given == ["1", "2"]
