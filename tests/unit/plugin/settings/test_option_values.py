"""Parsers of option values; those of other modules are tested there."""

from collections.abc import Callable
from functools import partial

import pytest

from aqp_perf.loadgen.command.argument_values import whole_number
from aqp_perf.plugin.settings.option_values import (
    parse_address,
    parse_aqp,
    parse_audit,
    parse_processes,
    parse_run_id,
    parse_run_time,
    parse_spawn_rate,
    parse_time,
)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_address, "[::1]:5557", "[::1]:5557"),
        (parse_aqp, "http://h:2/", "http://h:2"),
        (parse_aqp, "none", "none"),
        (parse_audit, "off", 0),
        (parse_audit, "7", 7),
        (parse_processes, "2", 2),
        (parse_processes, "1024", 1024),
        (parse_run_id, "nightly-7.a_b", "nightly-7.a_b"),
        (parse_run_time, "1m", 60.0),
        (parse_spawn_rate, "0.5", 0.5),
        (parse_time, "720h", 30 * 86_400.0),
        (partial(parse_time, allow_zero=True), "0", 0.0),
        (whole_number(0), "0", 0),
        (whole_number(1), "9" * 18, 10**18 - 1),
    ],
)
def test_text_is_parsed(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "hint"),
    [
        (parse_address, "5557", "write it like '0.0.0.0:5557'"),
        (parse_address, "h:0", "write it like '0.0.0.0:5557'"),
        (parse_address, "h:65536", "write it like '0.0.0.0:5557'"),
        (parse_audit, "0", "write 'off', or up to how many items"),
        (parse_audit, "9" * 25, "write 'off', or up to how many items"),
        (parse_processes, "1025", "use at most 1024, or auto: one less than there are cores"),
        (parse_processes, "0", "at least 1, or auto: one less than there are cores"),
        (parse_run_id, "a" * 41, "write up to 40 letters"),
        (parse_run_id, "1st", "rewrites '_1' and 'json'"),
        (parse_run_id, "a_1", "rewrites '_1' and 'json'"),
        (parse_run_time, "1500ms", "locust takes whole seconds"),
        (whole_number(), "9" * 25, "it must be a whole number of at most 18 digits"),
        (parse_spawn_rate, "inf", "it must be a number above 0"),
        (parse_spawn_rate, "nan", "it must be a number above 0"),
        (parse_time, "721h", "it must be at most 30 days"),
        (parse_time, "0", "must be more than 0"),
        (whole_number(1), "9" * 25, "it must be a whole number of at most 18 digits"),
        (whole_number(1), "1.0", "it must be a whole number, at least 1"),
    ],
)
def test_bad_text_is_refused_with_what_would_be_right(
    parse: Callable[[str], object], text: str, hint: str
) -> None:
    with pytest.raises(ValueError, match=hint):
        parse(text)


@pytest.mark.parametrize(("cores", "processes"), [(1, 1), (2, 1), (8, 7)])
def test_auto_leaves_a_core_for_the_target(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int
) -> None:
    monkeypatch.setattr("aqp_perf.plugin.settings.option_values.usable_cores", lambda: cores)

    assert parse_processes("auto") == processes
