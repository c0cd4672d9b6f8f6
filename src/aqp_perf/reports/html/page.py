"""The HTML page of a session: template, style and scripts in one file that makes no request.

The content security policy in its head allows exactly the scripts and the style in it, by their
hashes, and no request; names of tests, operations and error messages stay text. Invisible
characters, and those that change the direction of a text, are written as escapes.
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

from aqp_perf.core.results.judged_run import ResultsFile
from aqp_perf.core.results.trends import Trend
from aqp_perf.reports.facts.runs import outcome_text, verdict_counts, worst_first
from aqp_perf.reports.facts.verdicts import AS_OBSERVED
from aqp_perf.reports.figures import Fact
from aqp_perf.reports.html.chart_data import chart_data
from aqp_perf.reports.html.chart_tables import chart_tables
from aqp_perf.reports.html.trend_view import series_left_out, trend_data
from aqp_perf.reports.html.views import OPERATION_TIMES, run_views
from aqp_perf.reports.lines import printable

_CHARTS: Final = "vendor/echarts.min.js"
_SCRIPTS: Final = (
    *("data", "figures", "theme", "common", "percentiles", "latency_over_time", "rates", "bars"),
    *("trend", "drawing", "controls"),
)
"""Files in ``script``; each may use those before it."""
_STYLE: Final = "report.css"
_UNSAFE_IN_JSON: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def render_html(results: ResultsFile, trends: Sequence[Trend] = ()) -> str:
    """Return a session, with the series of its history, as one HTML page that opens offline."""
    shown = trend_data(trends)
    runs = worst_first(results.runs)
    charts = [chart_data(judged) for _, judged in runs]
    environment = dict(results.environment)
    return _template().render(
        policy=_policy(),
        style=Markup(_file(_STYLE)),  # noqa: S704 - files of this package
        scripts=[Markup(it) for it in (_file(_CHARTS), _own_script())],  # noqa: S704 - files of this package
        data=_json(charts),
        tables=[chart_tables(run) for run in charts],
        trend_data=_json(shown),
        trends=shown,
        series_left_out=series_left_out(trends),
        first_trend=next((i for i, trend in enumerate(shown) if trend["changes"]), 0),
        outcome=outcome_text(results.runs),
        counts=verdict_counts(results.runs),
        started_at=results.started_at.astimezone(UTC),
        command=environment.pop("command", ""),
        environment=[Fact(*item) for item in environment.items()],
        runs=run_views(runs, trends),
        as_observed=AS_OBSERVED,
        operation_times=[f"*{title}" for title in OPERATION_TIMES.values()],
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
    """Return the scripts of the package as one, in a scope of its own."""
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
    """Return JSON that cannot end a script element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE_IN_JSON))  # noqa: S704 - it has no markup left
