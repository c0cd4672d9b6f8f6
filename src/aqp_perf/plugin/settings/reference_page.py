"""The reference of all options, ``docs/options.md``, generated from their table.

python -m aqp_perf.plugin.settings.reference_page > docs/options.md
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.loadgen.command.dataset_text import DATA_KEYS
from aqp_perf.plugin.settings.option import Kind, Option, Scope
from aqp_perf.plugin.settings.options import OPTION_GROUPS, OPTIONS, default_text
from aqp_perf.plugin.settings.profiles import SHIPPED, Profile
from aqp_perf.plugin.settings.removed import REMOVED, REMOVED_FLAGS

ENVIRONMENT: Final[Mapping[str, str]] = {
    "PERF_AQP_USER, PERF_AQP_PASSWORD": "credentials of the AQP; the embedded AQP has the example "
    "pair of the real one as default",
    "PERF_LOCK_FILE": "the file that keeps load tests from overlapping on one machine (default: "
    "'aqp-perf.lock' in the folder of temporary files)",
    "DYNAMODB_LOCAL_HOME": "the folder of the DynamoDB Local jar (default: '.dynamodb-local', "
    "where 'make dynamodb-local' puts it)",
    "AWS_ACCESS_KEY_ID and other AWS_*": "credentials, profile, region and configuration files, as "
    "botocore reads them; with the target 'aws', or where the tests bring their own system",
    "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_DYNAMODB": "lead the target 'aws' to another endpoint, "
    "which every report then names",
    "AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE": "certificates that the load generator trusts",
    "GITHUB_STEP_SUMMARY": "set by GitHub Actions: the summary is shown on the page of the job",
    "GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, CI_JOB_URL, BUILD_URL": "set by GitHub "
    "Actions, GitLab and Jenkins: the summary links to the job",
    "TERM": "'dumb' shows progress in lines",
}
"""Environment variables that the plugin and its load generator read → what they do."""

_TOP: Final = """\
# Options

<!-- Generated from src/aqp_perf/plugin/settings/options.py by `make docs`. Do not edit. -->

Every option can be given in up to four places:

| place | example |
| --- | --- |
| command line | `pytest --perf-run-time=5m` |
| ini file (`pytest.ini` and the like) | `perf_run_time = 5m` |
| profile | `run_time = "5m"` |
| marker, or a call of `perf_load`: options with scope *run* | `@pytest.mark.perf(run_time="5m")` |

On the command line use `=`: with a space, pytest takes an existing file name for a test path. A
repeatable option is given several times on the command line, has one value per line in the ini
file, and is a list in a profile or a marker.

Times are seconds or have units: `30`, `30s`, `5m`, `1h30m`, `500ms`. A bad value ends pytest with
exit code 4 and a message that names the option, the value and what would be right.

## Which value holds

1. the command line, then the profile chosen there
2. the call of `perf_load`, then the test's marker, then the profile that one of them names
3. the ini file, then the profile it names
4. the defaults: the profile `smoke`, then those below

The first place that has a value wins. Two options are combined instead: a threshold replaces those
on [the same metric and operation](verdicts.md#where-they-come-from), and each key of `data` has its
own value.
"""
_NO_FLAG: Final = """\
They are ini keys, or keys of a profile. On the command line, pytest itself sets ini keys:
`-o perf_stop_timeout=30s`.
"""
_PROFILES: Final = """\
What a profile leaves out comes from the places below it. In the `pyproject.toml` of pytest's root
directory, a table adds a profile, or changes some values of one that ships:

```toml
[tool.perf.profiles.lunch]
users = 20
pacing = "200/s"
run_time = "2m"
data = { partitions = 50, key_choice = "zipf" }
thresholds = ["write_to_ddb: p99 < 100 ms", "failure_ratio <= 0.1%"]
```

A marker cannot name a profile that sets an option with scope *session*.
"""


def reference_page() -> str:
    """Return the page as Markdown."""
    parts = [_TOP]
    for title, options in OPTION_GROUPS.items():
        parts += [
            f"## {title[0].upper()}{title[1:]}\n",
            _options_table([option for option in options if option.has_flag]),
        ]
        if title == "data":
            parts += ["The keys of `--perf-data`:\n", _data_table()]
    parts += [
        "## Settings without a command line option\n",
        _NO_FLAG,
        _options_table([option for option in OPTIONS if not option.has_flag]),
        "## The marker\n",
        "`@pytest.mark.perf` and `perf_load` take the options with scope *run*:\n",
        *(f"- `{option.key}`" for option in OPTIONS if option.scope is Scope.RUN),
        "\n## Profiles\n",
        "These ship:\n",
        _profiles_table(),
        _PROFILES,
        "## Environment variables\n",
        _table(
            ["variable", "meaning"],
            ([_names(names), _prose(meaning)] for names, meaning in ENVIRONMENT.items()),
        ),
        "## Removed options\n",
        "Using one is an error that names its replacement, in every place.\n",
        _table(["option", "replacement"], _removed_rows()),
    ]
    return "\n".join(parts)


def _options_table(options: Sequence[Option]) -> str:
    """Return a table of options that all have a command line option, or all have none."""
    has_flags = options[0].has_flag
    rows = (
        [
            f"`{option.flag if has_flags else option.ini_key}`",
            _prose(option.meaning) + ("; repeatable" if option.kind is Kind.LIST else ""),
            ", ".join(f"`{form}`" for form in option.form.split("|") if form),
            _default(option),
            f"`{option.ini_key if has_flags else option.key}`",
            option.scope,
        ]
        for option in options
    )
    names = ("option", "ini key") if has_flags else ("ini key", "profile key")
    return _table([names[0], "meaning", "values", "default", names[1], "scope"], rows)


def _data_table() -> str:
    defaults = Dataset()
    return _table(
        ["key", "meaning", "default"],
        ([f"`{key}`", text, f"`{getattr(defaults, key)}`"] for key, text in DATA_KEYS.items()),
    )


def _default(option: Option) -> str:
    if option.kind is Kind.SWITCH:
        return "off"
    text = default_text(option)
    return text if text == option.otherwise else f"`{text}`"


def _profiles_table() -> str:
    columns = [_profile_rows(profile) for profile in SHIPPED.values()]
    titles = dict.fromkeys(title for column in columns for title in column)
    rows = ([title, *(column.get(title, "") for column in columns)] for title in titles)
    return _table(["", *(f"`{name}`" for name in SHIPPED)], rows)


def _profile_rows(profile: Profile) -> dict[str, str]:
    """Return title → cell of a profile, with a row for the thresholds of each operation."""
    rows: dict[str, str] = {}
    for key, value in profile.items():
        if isinstance(value, str | bool):
            rows[f"`{key}`"] = f"`{value}`"
            continue
        for rule in map(parse_threshold, value):
            title = f"thresholds of {f'`{rule.operation}`' if rule.operation else 'all operations'}"
            rows[title] = "<br>".join(filter(None, (rows.get(title), f"`{rule.rule}`")))
    return rows


def _removed_rows() -> Iterator[list[str]]:
    for flag, replacement in REMOVED_FLAGS.items():
        name = flag.removeprefix("--perf-").replace("-", "_")
        keys = f", `perf_{name}`" if name in REMOVED else ""
        yield [f"`{flag}`{keys}", _prose(replacement)]


def _table(titles: Sequence[str], rows: Iterator[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _names(text: str) -> str:
    return re.sub(r"[A-Z][A-Z_*]+", r"`\g<0>`", text)


def _prose(text: str) -> str:
    """Return a text with what stands in quotes, and options, as code."""
    return re.sub(r"'([^']+)'|((?:--perf-|-o )\S+)", r"`\1\2`", text)


if __name__ == "__main__":
    sys.stdout.write(reference_page())
