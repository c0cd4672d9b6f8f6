"""Renews the tables of options in ``docs/options.md`` from the code.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; the rest of the page is
written by hand. ``make docs`` runs it::

    python -m docs.option_tables docs/options.md
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.loadgen.command.argument_values import SETTINGS_TEXT, data_values
from aqp_perf.plugin.settings.option import Kind, Option, Scope
from aqp_perf.plugin.settings.options import OPTION_GROUPS, OPTIONS, default_text
from aqp_perf.plugin.settings.profiles import SHIPPED, Profile
from aqp_perf.plugin.settings.removed import REMOVED_FLAGS
from aqp_perf.workloads.order import Order

_TABLE: Final = re.compile(r"(?<=<!-- table: )(.+?)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def renewed(page: str) -> str:
    """Return a page with its tables as the code has them.

    Raises:
        KeyError: it has a table of an unknown name.
    """
    tables = _tables()
    return _TABLE.sub(lambda found: f"{found[1]}{found[2]}\n{tables[found[1]]}\n", page)


def _tables() -> Mapping[str, str]:
    """Return name → Markdown."""
    defaults = data_values(Dataset(item=Order))
    arguments = [f"`{option.key}`" for option in OPTIONS if option.scope is Scope.RUN]
    return {
        **{
            title: _options_table([option for option in options if option.has_flag])
            for title, options in OPTION_GROUPS.items()
        },
        "keys of --perf-data": _table(
            ["key", "meaning", "default"],
            (
                [f"`{key}`", SETTINGS_TEXT.get(key, "different values, of the order"), f"`{value}`"]
                for key, value in defaults.items()
            ),
        ),
        "without a flag": _options_table([option for option in OPTIONS if not option.has_flag]),
        "marker": "".join(f"- {argument}\n" for argument in arguments),
        "profiles": _profiles_table(),
        "removed": _table(
            ["option", "replacement"],
            ([f"`{flag}`", _prose(text)] for flag, text in REMOVED_FLAGS.items()),
        ),
    }


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


def _table(titles: Sequence[str], rows: Iterable[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _prose(text: str) -> str:
    """Return a text with what stands in quotes, and options, as code."""
    return re.sub(r"'([^']+)'|((?:--perf-|-o )\S+)", r"`\1\2`", text)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
