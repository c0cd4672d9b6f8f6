"""The reference of all options agrees with the code."""

import re
from pathlib import Path

from aqp_perf.plugin.settings.options import OPTIONS
from docs.option_tables import _tables, renewed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
COMMAND_LINE = """
    target aqp profile users spawn-rate run-time warmup pacing processes expect-workers master-bind
    threshold json html markdown seed data table keep-table client aws-account aws-region
    aws-profile aws-role-arn billing max-cost proof run-id history save compare compare-fail
    host locust-arg
"""


def test_tables_are_those_of_the_code() -> None:
    assert renewed(PAGE) == PAGE, "run `make docs`"
    assert set(re.findall(r"<!-- table: (.+) -->", PAGE)) == _tables().keys()
    assert PAGE.count("<!-- end -->") == len(_tables())


def test_command_line_options_are_these() -> None:
    """A new one must be worth its place in ``pytest --help``."""
    flags = {option.flag for option in OPTIONS if option.has_flag}

    assert flags == {f"--perf-{name}" for name in COMMAND_LINE.split()}


def test_every_option_is_on_the_page_with_its_ini_key() -> None:
    named = set(re.findall(r"`((?:--perf-|perf_)[a-z_-]+)`", PAGE))

    assert named >= {option.flag for option in OPTIONS} | {option.ini_key for option in OPTIONS}


def test_every_environment_variable_of_the_package_is_on_the_page() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    pattern = re.compile(r'"((?:PERF|GITHUB|CI|BUILD|DYNAMODB)_[A-Z_]*[A-Z])"')
    read = {name for text in texts for name in pattern.findall(text)}

    assert {"PERF_AQP_USER", "PERF_LOCK_FILE"} < read
    assert read <= set(re.findall(r"`([A-Z_]+)`", PAGE))
