"""Ini keys in TOML, whose values have types: numbers, lists, true and false."""

import pytest

from aqp_perf.errors import ConfigError, InvalidOption, RemovedOption
from aqp_perf.plugin.settings.resolver import Resolver

NATIVE = "[tool.pytest]"
"""The table where pytest keeps the types of TOML, from 9.0 on."""
AS_TEXT = "[tool.pytest.ini_options]"
"""The older table, where all is text or lists."""


def resolve(pytester: pytest.Pytester, table: str, line: str) -> Resolver:
    """Return the resolved options of a project with one line in its ``pyproject.toml``."""
    pytester.makepyprojecttoml(f"{table}\n{line}\n")
    return Resolver(pytester.parseconfig(), run_id="run")


@pytest.mark.parametrize("table", [NATIVE, AS_TEXT])
@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("perf_users = 7", "users", 7),
        ("perf_spawn_rate = 8.5", "spawn_rate", 8.5),
        ("perf_run_time = 30", "run_time_s", 30.0),
        ('perf_run_time = "30s"', "run_time_s", 30.0),
    ],
)
def test_a_number_is_a_value(
    pytester: pytest.Pytester, table: str, line: str, field: str, value: float
) -> None:
    load = resolve(pytester, table, line).load({})

    assert getattr(load, field) == value


@pytest.mark.parametrize("table", [NATIVE, AS_TEXT])
def test_a_list_is_the_value_of_a_repeatable_option(pytester: pytest.Pytester, table: str) -> None:
    load = resolve(pytester, table, 'perf_threshold = ["p99 < 7 ms", "median < 5 ms"]').load({})

    assert [*map(str, load.thresholds)][-2:] == ["p99 < 7 ms", "median < 5 ms"]


@pytest.mark.parametrize("table", [NATIVE, AS_TEXT])
def test_true_is_the_value_of_a_switch(pytester: pytest.Pytester, table: str) -> None:
    assert resolve(pytester, table, "perf_keep_table = true").session.keep_table


@pytest.mark.parametrize(
    ("table", "line", "value", "right"),
    [
        (NATIVE, "perf_users = true", "True", "number"),
        (NATIVE, 'perf_users = ["7"]', "['7']", "number"),
        (NATIVE, 'perf_threshold = "p99 < 7 ms"', "'p99 < 7 ms'", "list of texts"),
        (NATIVE, "perf_threshold = [7]", "7", "list of texts"),
        (NATIVE, "perf_data = {partitions = 5}", "list", "such as ['partitions=50']"),
        (NATIVE, 'perf_keep_table = "yes"', "'yes'", "true or false"),
        (AS_TEXT, 'perf_users = ["7"]', "['7']", "number"),
        (AS_TEXT, "perf_threshold = [7]", "[7]", "list of texts"),
        (AS_TEXT, 'perf_keep_table = "perhaps"', "'perhaps'", "true or false"),
    ],
)
def test_another_type_is_refused_by_key_value_and_what_is_right(
    pytester: pytest.Pytester, table: str, line: str, value: str, right: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(pytester, table, line)

    key = line.partition(" ")[0]
    assert str(caught.value).startswith(f"ini key {key}: ")
    assert value in str(caught.value)
    assert right in str(caught.value)


def test_a_bad_number_is_refused_like_a_text(pytester: pytest.Pytester) -> None:
    with pytest.raises(InvalidOption, match=r"ini key perf_users: '0' is not valid: .* at least 1"):
        resolve(pytester, NATIVE, "perf_users = 0")


@pytest.mark.parametrize("value", ["7", "[7]", "true"])
def test_a_removed_key_is_refused_whatever_its_type(pytester: pytest.Pytester, value: str) -> None:
    with pytest.raises(RemovedOption, match=r"perf_max_attempts.*boto3:3"):
        resolve(pytester, NATIVE, f"perf_max_attempts = {value}")
