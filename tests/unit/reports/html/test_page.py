"""Names are text in the page, and the page makes no request."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.comparison.outcome import not_compared
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.results.judged_run import ResultsFile
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.reports.facts.comparisons import comparison_text
from aqp_perf.reports.html import render_html
from aqp_perf.reports.html.chart_data import chart_data
from aqp_perf.reports.lines import printable
from tests.doubles.hostile_report import HOSTILE, hostile_report

STARTED_AT = hostile_report("").started_at
RUNNABLE = {"script", "style"}


class Element(NamedTuple):
    """An element that is in a page."""

    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.contents: list[str] = []
        """What stands in scripts and style sheets."""
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1].tag in RUNNABLE and data.strip():
            self.contents.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[Element]:
        """Return the elements with this tag."""
        return [element for element in self.elements if element.tag == tag]

    @property
    def policy(self) -> str:
        """What the page may do."""
        (meta,) = (e for e in self.all("meta") if "http-equiv" in e.attributes)
        assert meta.attributes["http-equiv"] == "Content-Security-Policy"
        return meta.attributes["content"]


def shape(page: Page) -> list[tuple[str, list[str]]]:
    return [(element.tag, sorted(element.attributes)) for element in page.elements]


HARMLESS = Page(render_html(hostile_report("harmless")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text(text: str) -> None:
    page = Page(render_html(hostile_report(text)))

    assert shape(page) == shape(HARMLESS)
    assert printable(text) in page.text


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_any_name_leaves_the_page_as_it_is(text: str) -> None:
    page = render_html(hostile_report(text)).replace(HARMLESS.contents[2], "")

    assert page.replace("\n", "").isprintable()
    assert page.count("<script") == 3
    assert page.count("</script>") == 3


def test_policy_allows_what_is_in_the_page_by_its_hash_and_nothing_else() -> None:
    library, own, style = (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (*HARMLESS.contents[2:], HARMLESS.contents[0])
    )

    assert HARMLESS.policy.split("; ") == [
        "default-src 'none'",
        f"script-src {library} {own}",
        f"style-src {style}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_page_refers_to_itself_alone() -> None:
    references = [
        value
        for element in HARMLESS.elements
        for name, value in element.attributes.items()
        if name in {"href", "src", "action", "srcset", "data", "poster"}
    ]

    assert references
    assert all(value.startswith(("#", "data:,")) for value in references)
    assert not re.search(r"url\(|@import", HARMLESS.contents[0])


def test_links_lead_to_the_runs() -> None:
    anchors = {e.attributes["href"][1:] for e in HARMLESS.all("a")}

    assert anchors <= {e.attributes.get("id") for e in HARMLESS.elements}
    assert "run-1" in anchors


def test_policy_forbids_what_an_attribute_could_run() -> None:
    names = {name for element in HARMLESS.elements for name in element.attributes}

    assert not {name for name in names if name.startswith("on")}
    assert "style" not in names


@pytest.mark.parametrize("text", HOSTILE)
def test_charts_get_the_figures_whole(text: str) -> None:
    report = hostile_report(text)
    page = Page(render_html(report))

    assert json.loads(page.contents[1]) == [
        json.loads(json.dumps(chart_data(run))) for run in report.runs
    ]
    assert "<" not in page.contents[1]


def test_every_chart_has_a_table_and_a_name_for_those_who_do_not_see_it() -> None:
    charts = HARMLESS.all("figure")

    assert len(charts) == 5
    assert HARMLESS.text.count("As a table") == len(charts)
    named = [e for e in HARMLESS.elements if e.attributes.get("role") == "img"]
    assert len(named) == len(charts)
    assert all(element.attributes["aria-labelledby"] for element in named)


def test_every_table_has_a_caption() -> None:
    assert len(HARMLESS.all("caption")) == len(HARMLESS.all("table"))


def test_session_without_a_run_says_so() -> None:
    page = Page(render_html(ResultsFile(started_at=STARTED_AT, environment={}, runs=())))

    assert "No load run" in page.text
    assert not page.all("article")


@pytest.mark.parametrize("verdict", Verdict)
def test_verdict_is_a_word_and_not_only_a_colour(verdict: Verdict) -> None:
    report = hostile_report("it")
    (run,) = report.runs
    judged = replace(run, verdict=replace(run.verdict, verdict=verdict))

    page = Page(render_html(replace(report, runs=(judged,))))

    assert page.text.count(verdict.upper()) >= 2, "in the overview and with the run"


def runs_with(*verdicts: Verdict) -> ResultsFile:
    """Return a report of as many runs, of tests called by their numbers."""
    report = hostile_report("it")
    (run,) = report.runs
    runs = (
        replace(run, test=f"test_{number}", verdict=replace(run.verdict, verdict=verdict))
        for number, verdict in enumerate(verdicts)
    )
    return replace(report, runs=tuple(runs))


def test_worst_runs_stand_first_and_their_charts_with_them() -> None:
    report = runs_with(Verdict.PASS, Verdict.NO_DATA, Verdict.FAIL, Verdict.INVALID, Verdict.FAIL)
    first = replace(report.runs[4].run, duration_s=77.0)
    runs = (*report.runs[:2], replace(report.runs[2], run=first), *report.runs[3:])

    page = Page(render_html(replace(report, runs=runs)))

    titles = re.findall(r"^[A-Z ]+ (test_\d)$", page.text, re.MULTILINE)
    assert titles == ["test_2", "test_4", "test_3", "test_1", "test_0"]
    assert [run["duration_s"] for run in json.loads(page.contents[1])] == [77, 12, 12, 12, 12]


def test_heading_and_title_count_the_verdicts() -> None:
    text = render_html(runs_with(Verdict.PASS, Verdict.FAIL, Verdict.PASS))

    assert "<h1>2 of 3 runs passed</h1>" in text
    assert "<title>2 of 3 runs passed (1 FAIL, 2 PASS) - performance</title>" in text


@pytest.mark.parametrize(("passed", "is_folded"), [(2, False), (3, True)])
def test_what_passed_is_folded_where_there_are_more_than_three(
    passed: int,
    is_folded: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    page = Page(render_html(runs_with(Verdict.FAIL, *[Verdict.PASS] * passed)))

    folds = [e for e in page.all("details") if e.attributes.get("class") == "fold"]
    assert ["open" in fold.attributes for fold in folds] == [True, *[not is_folded] * passed]


def test_command_of_the_session_is_shown_to_be_copied_and_is_no_other_fact() -> None:
    report = hostile_report("it")

    text = render_html(replace(report, environment={"python": "3.11", "command": "pytest -m it"}))

    assert "<code>pytest -m it</code>" in text
    assert "<dt>command</dt>" not in text
    assert text.count('class="copy"') == 1
    assert 'class="copy"' not in render_html(report)


def test_figures_have_three_digits_and_an_interval() -> None:
    report = hostile_report("it")
    (run,) = report.runs
    verdict = judge(run.run, [parse_threshold("median < 15 ms"), parse_threshold("p95 < 1 s")])

    text = render_html(replace(report, runs=(replace(run, verdict=verdict),)))

    assert re.search(r">\d\d(\.\d)? ms \[\d\d(\.\d)?, \d\d(\.\d)?\]<", text)
    assert '<td class="number">72.4</td>' in text


def test_what_a_comparison_decides_stands_with_the_baseline_and_not_with_the_thresholds() -> None:
    report = hostile_report("it")
    comparison = not_compared("main", [ComparisonRule.parse("p99 > 10%")], "it is new")
    met = judge(report.runs[0].run, [parse_threshold("p99 < 500 s")])
    verdict = replace(met, verdict=Verdict.NO_DATA)
    run = replace(report.runs[0], verdict=verdict, comparison=comparison, write_audit=None)

    text = render_html(replace(report, runs=(run,)))

    assert text.count(f"<p>{comparison_text(comparison)}</p>") == 1
    assert f'<p class="muted">{comparison_text(comparison)}' not in text


def test_the_anchor_has_a_section_beside_the_baseline() -> None:
    report = hostile_report("it")
    rules = [ComparisonRule.parse("p99 > 10%")]
    baseline, anchor = (not_compared(name, rules, "it is new") for name in ("main", "v1"))
    run = replace(
        report.runs[0], comparison=baseline, anchor_comparison=replace(anchor, is_anchor=True)
    )

    text = render_html(replace(report, runs=(run,)))

    assert '<h3 id="run-1-baseline">Baseline</h3>' in text
    assert '<h3 id="run-1-anchor">Anchor</h3>' in text


def test_bounds_have_a_column_only_where_stalls_may_have_changed_a_figure() -> None:
    report = hostile_report("it")
    (run,) = report.runs
    verdict = judge(run.run, [parse_threshold("p99 < 500 s")])
    touched = tuple(replace(one, bounds=(1.0, 71.0), touched=9) for one in verdict.judgements)

    plain, wide = (
        render_html(replace(report, runs=(replace(run, verdict=it, write_audit=None),)))
        for it in (verdict, replace(verdict, judgements=touched, notes=("a note",)))
    )

    assert '<th scope="col">Target alone</th>' not in plain
    assert "Target alone" in wide
    assert '<td class="bounds" data-title="target alone">1 to 71 ms</td>' in wide
    assert "(9 requests touched)" in wide
    assert "<li>a note</li>" in wide
