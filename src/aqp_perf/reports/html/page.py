"""The page: template, style and script put together so that nothing in it can reach outside.

The policy in the page's head allows exactly the scripts and the style that are in it, by their
hashes, and no request at all; so whatever a test, an operation or an error message is called, it is
text. Characters that cannot be seen, or that turn the direction of a text, are written as escapes.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.trends import Trend
from aqp_perf.reports.html.chart_data import chart_data
from aqp_perf.reports.html.chart_tables import chart_tables
from aqp_perf.reports.html.facts import Fact
from aqp_perf.reports.html.run_rows import OPERATION_TIMES
from aqp_perf.reports.html.trend_view import shown_trends, trend_data, trend_views
from aqp_perf.reports.html.views import run_views
from aqp_perf.reports.lines import printable
from aqp_perf.reports.text.run_summary import outcome_text, verdict_counts, worst_first

_CHARTS: Final = "vendor/echarts.min.js"
_SCRIPTS: Final = (
    "data",
    "figures",
    "theme",
    "common",
    "percentiles",
    "latency_over_time",
    "rates",
    "bars",
    "trend",
    "drawing",
    "controls",
)
"""Files in ``script``, in the order in which each needs those before it."""
_STYLE: Final = "report.css"
_UNSAFE_IN_JSON: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"},
)


def render_html(report: ResultsFile, trends: Sequence[Trend] = ()) -> str:
    """Return the report as one HTML page that opens offline.

    Args:
        report: of the session.
        trends: the series of its history that it is a part of.
    """
    shown = shown_trends(trends)
    runs = worst_first(report.runs)
    charts = [chart_data(judged) for _, judged in runs]
    environment = dict(report.environment)
    return _template().render(
        policy=_policy(),
        style=Markup(_file(_STYLE)),  # noqa: S704 - ours
        scripts=[Markup(each) for each in (_file(_CHARTS), _own_script())],  # noqa: S704 - ours
        data=_json(charts),
        tables=[chart_tables(each) for each in charts],
        trend_data=_json(trend_data(shown)),
        trends=trend_views(shown),
        first_trend=next((i for i, each in enumerate(shown) if each.changes), 0),
        outcome=outcome_text(report.runs),
        counts=verdict_counts(report.runs),
        started_at=report.started_at.astimezone(UTC),
        command=environment.pop("command", ""),
        environment=[Fact(*each) for each in environment.items()],
        runs=run_views(runs, trends),
        operation_times=[f"*{each}" for each in OPERATION_TIMES.values()],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _shown(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _own_script() -> str:
    """Return our files as one script that leaves no name behind in the page."""
    text = "\n".join(_file(f"script/{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{text}}})();\n'


def _policy() -> str:
    directives = {
        "default-src": "'none'",
        "script-src": f"{_hash(_file(_CHARTS))} {_hash(_own_script())}",
        "style-src": _hash(_file(_STYLE)),
        "img-src": "data:",  # the empty icon, so that no browser asks for one
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _json(data: object) -> Markup:
    """Return JSON that ends no script element, whatever is in it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE_IN_JSON))  # noqa: S704 - it has no markup left
