"""The HTML report in a real browser: drawn, silent, offline, in both themes, on a phone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.html import render_html
from tests.doubles.changed_history import NIGHTS, changed_history
from tests.doubles.chromium import NAMES, chromium, chromium_path
from tests.doubles.hostile_report import HOSTILE, hostile_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.skipif(
    chromium_path() is None, reason=f"needs a Chromium: none of {', '.join(NAMES)} is installed"
)
CHARTS = ("percentiles", "heatmap", "rates", "service", "shares")
DARK = "rgb(16, 20, 26)"
LIGHT = "rgb(245, 246, 248)"
PHONE_WIDTH = 360
SIZES = {"desktop": (1200, 900), "phone": (PHONE_WIDTH, 740)}

# How many colours a chart has; an empty one has none. It is read from a copy: the browser would
# complain of reading the chart itself again and again.
COLOURS = """canvas => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d", {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    const {data} = context.getImageData(0, 0, copy.width, copy.height);
    return new Set(new Uint32Array(data.buffer)).size - 1;
}"""
# The colour at the top of a chart of twelve seconds, above all latencies of the first ones.
COLOUR_AT = """(canvas, second) => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d", {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    const [left, right] = [58, 24];
    const x = left + (canvas.width - left - right) * second / 12;
    return context.getImageData(Math.round(x), 20, 1, 1).data.join();
}"""
IN_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Opened:
    """An open report with its console messages and requests."""

    def __init__(self, page: "Page", url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(url)
        page.wait_for_selector("[data-ready]")

    def prefer(self, theme: str) -> None:
        """Let the whole desktop of the reader be light or dark."""
        self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        self.page.evaluate(IN_TWO_FRAMES)

    def chart(self, name: str) -> "Locator":
        """Return a chart of the first run."""
        return self.page.locator(f"#run-1 [data-chart={name}]")

    @property
    def background(self) -> str:
        """The colour of the page."""
        colour: str = self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of two runs, the first with names that try everything."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    hostile, harmless = hostile_report(" ".join(HOSTILE)), hostile_report("harmless")
    report = replace(
        hostile,
        runs=(*hostile.runs, *harmless.runs),
        environment={"command": "pytest 'a b'"},
    )
    path.write_text(render_html(report, changed_history(" ".join(HOSTILE))), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One for all tests: it takes half a second to start."""
    with chromium() as it:
        yield it


@pytest.fixture(scope="module")
def opened(browser: "Browser", url: str) -> dict[str, Opened]:
    """Return the report on screens of both sizes."""
    reports = {}
    for name, (width, height) in SIZES.items():
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": height})
        reports[name] = Opened(page, url)
    return reports


@pytest.fixture
def report(opened: dict[str, Opened]) -> Opened:
    """Return the report on a desktop that prefers light pages."""
    opened["desktop"].prefer("light")
    return opened["desktop"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("theme", "background"), [("light", LIGHT), ("dark", DARK)])
def test_every_chart_is_drawn_without_a_complaint_or_a_request(
    opened: dict[str, Opened], url: str, size: str, theme: str, background: str
) -> None:
    report = opened[size]

    report.prefer(theme)
    drawn = {name: report.chart(name).locator("canvas").evaluate(COLOURS) for name in CHARTS}

    assert all(colours > 3 for colours in drawn.values()), drawn
    assert report.background == background
    assert report.requests == [url]
    assert report.complaints == []


def test_a_phone_scrolls_down_and_not_aside(opened: dict[str, Opened]) -> None:
    width = opened["phone"].page.evaluate("document.documentElement.scrollWidth")

    assert width == PHONE_WIDTH


def test_the_theme_is_changed_by_keyboard_alone(report: Opened) -> None:
    canvas = report.chart("percentiles").locator("canvas")
    before = canvas.evaluate("it => it.toDataURL()")
    theme = report.page.locator("#theme")

    report.page.keyboard.press("Tab")  # to the link past all of this
    report.page.keyboard.press("Tab")  # to the button
    report.page.keyboard.press("Enter")  # from system to light
    report.page.keyboard.press("Enter")  # and to dark

    assert theme.inner_text() == "Theme: dark"
    assert report.background == DARK
    assert canvas.evaluate("it => it.toDataURL()") != before
    report.page.keyboard.press("Enter")
    assert theme.inner_text() == "Theme: system"


@pytest.mark.parametrize("name", CHARTS)
def test_a_table_behind_a_chart_opens_by_keyboard(report: Opened, name: str) -> None:
    chart = report.chart(name)

    chart.locator("summary").press("Enter")

    row = chart.locator("tbody tr").first
    row.wait_for()
    head, *cells = row.locator("th, td").all_inner_texts()
    assert head
    assert cells
    assert all(cell == "-" or any(map(str.isdigit, cell)) for cell in cells)
    label = chart.locator(".canvas").get_attribute("aria-label") or ""
    assert label.endswith("The figures are in the table below.")


def test_choosing_an_operation_draws_and_names_it(report: Opened) -> None:
    label = report.chart("percentiles").locator(".canvas")
    before = label.get_attribute("aria-label")

    report.page.locator("#run-1 select").select_option("1")

    assert "two: p50" in (label.get_attribute("aria-label") or "")
    assert label.get_attribute("aria-label") != before
    assert report.complaints == []


def test_runs_further_down_are_drawn_when_scrolled_near(report: Opened) -> None:
    last = report.page.locator("#run-2 [data-chart=shares]")
    assert last.get_attribute("data-drawn") is None

    last.scroll_into_view_if_needed()

    report.page.wait_for_selector("#run-2 [data-chart=shares][data-drawn=yes]")


def test_a_pointer_reads_figures_off_a_chart(report: Opened) -> None:
    report.chart("rates").locator("canvas").hover(position={"x": 500, "y": 150})

    tip = report.chart("rates").locator(".tip")
    tip.wait_for()
    assert "requests/s" in tip.inner_text()
    assert report.complaints == []


def test_freezes_of_the_generator_are_bands_and_figures_of_their_slices(report: Opened) -> None:
    chart = report.chart("heatmap")
    legend = chart.locator(".legend").inner_text()
    label = chart.locator(".canvas").get_attribute("aria-label") or ""

    chart.locator("details").evaluate("it => { it.open = true; }")
    chart.locator("tbody tr").first.wait_for()
    head = chart.locator("thead th").all_inner_texts()
    stops = chart.locator("tbody td:last-child").all_inner_texts()
    canvas = chart.locator("canvas")
    before, within, between = (canvas.evaluate(COLOUR_AT, second) for second in (1.5, 2.15, 3))

    assert "generator stood still (other work had its core)" in legend
    assert "2 times, for 300 ms at most" in label
    assert head[-1] == "Stood still"
    assert {"0 ms"} < set(stops)  # some slices are in freezes
    assert before == between != within
    assert report.complaints == []


def test_without_javascript_tables_stand_in_for_charts(browser: "Browser", url: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(url)
    percentiles, heat_map = (page.locator(f"#run-1 [data-chart={it}]") for it in CHARTS[:2])

    percentiles.locator("summary").click()

    assert page.get_by_text("JavaScript is off").is_visible()
    assert percentiles.locator("table").nth(1).is_visible(), "those of all operations"
    assert not heat_map.locator(".canvas").is_visible()


def test_links_open_a_folded_run_and_paper_opens_all(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "folded.html"
    harmless = hostile_report("harmless")
    (run,) = harmless.runs
    passed = replace(run, verdict=replace(run.verdict, verdict=Verdict.PASS))
    path.write_text(render_html(replace(harmless, runs=(passed,) * 4)), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    folds, drawn = page.locator(".fold[open]"), page.locator("[data-drawn=yes]")
    assert (folds.count(), drawn.count()) == (0, 0)

    page.locator(".overview a").nth(2).click()
    page.wait_for_selector("#run-3 .fold[open]")
    page.wait_for_selector("#run-3 [data-chart=percentiles][data-drawn=yes]")
    assert folds.count() == 1

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (folds.count(), drawn.count()) == (4, 4 * len(CHARTS))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert folds.count() == 1


def test_charts_are_reached_by_keyboard(report: Opened) -> None:
    canvas = report.chart("percentiles").locator(".canvas")

    canvas.focus()

    assert canvas.evaluate("it => it === document.activeElement")


def test_the_command_is_copied_as_it_is(report: Opened) -> None:
    report.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    report.page.locator(".copy").press("Enter")

    report.page.get_by_text("Copied", exact=True).wait_for()
    assert report.page.evaluate("navigator.clipboard.readText()") == "pytest 'a b'"


def test_paper_gets_every_chart_on_white(report: Opened) -> None:
    report.prefer("dark")
    report.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    drawn, printed = report.page.locator("[data-drawn=yes]").count(), report.background
    report.page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert (drawn, printed) == (2 * len(CHARTS) + 1, LIGHT)  # two runs and a history
    assert report.background == DARK


@pytest.mark.parametrize("size", SIZES)
def test_history_is_drawn_with_its_levels_and_another_series_on_demand(
    opened: dict[str, Opened], url: str, size: str
) -> None:
    report = opened[size]
    chart = report.page.locator("[data-chart=trend]")
    chart.scroll_into_view_if_needed()
    report.page.wait_for_selector("[data-chart=trend][data-drawn=yes]")
    canvas = chart.locator("canvas")
    assert canvas.evaluate(COLOURS) > 3
    before = canvas.evaluate("it => it.toDataURL()")

    report.page.locator("#history select").select_option(index=2)  # the throughput, without a level
    report.page.evaluate(IN_TWO_FRAMES)

    assert canvas.evaluate("it => it.toDataURL()") != before
    report.page.locator("#history select").select_option(index=1)
    chart.locator("summary").press("Enter")
    rows = chart.locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == NIGHTS
    assert "from 10 ms to 20 ms" in rows.nth(19).inner_text()
    assert (report.requests, report.complaints) == ([url], [])


def test_sessions_of_one_day_show_their_time(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    trends = changed_history(apart=timedelta(minutes=20))
    path.write_text(render_html(hostile_report("harmless"), trends), "utf-8")
    page = browser.new_page()
    report = Opened(page, path.as_uri())

    chart = page.locator("[data-chart=trend]")
    chart.scroll_into_view_if_needed()
    chart.locator("summary").press("Enter")
    rows = chart.locator("tbody tr")
    rows.first.wait_for()

    assert rows.nth(0).inner_text().startswith("2026-11-01 02:00 UTC")
    assert rows.nth(NIGHTS - 1).inner_text().startswith("2026-11-01 11:40 UTC")
    assert report.complaints == []
