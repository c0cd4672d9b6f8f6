"""A running load: as a line of a log, and as a block on a terminal."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict, judge
from aqp_perf.reports.lines import Style
from aqp_perf.reports.text.progress_block import progress_block, waiting_block
from aqp_perf.reports.text.progress_text import Rates, View, progress_line, view


def shown(judged: JudgedRun, *texts: str, elapsed_s: float = 11.7, age_s: float = 0.0) -> View:
    run = replace(judged.run, metered=MeteredUnits(write=998, estimated_read=2.5))
    thresholds = [parse_threshold(text) for text in texts]
    return view(
        Progress(elapsed_s=elapsed_s, users=10, run=run, age_s=age_s),
        run_time_s=300,
        requests_per_s=102.04,
        judge=lambda progress: judge(progress.run, thresholds),
    )


def rendered(block: RenderableType, width: int = 80) -> list[str]:
    console = Console(file=StringIO(), width=width, force_terminal=True, no_color=True)
    with console.capture() as captured:
        console.print(block)
    return captured.get().splitlines()


def test_a_line_says_how_the_load_is_doing(judged: JudgedRun) -> None:
    assert progress_line(shown(judged, "write_to_ddb: max < 1 s")) == (
        "11s of 5m, 10 users, 102 requests/s, 2 failures, p50 1.0 ms, p99 50.0 ms, "
        "2.5 read units, 998 write units; 1 of 1 thresholds met so far"
    )


@pytest.mark.parametrize(
    ("texts", "text", "style"),
    [
        ((), "no threshold is set", Style.PLAIN),
        (("max < 300 ms",), "2 of 2 thresholds met so far", Style.GOOD),
        (
            ("p99 < 300 ms", "write_to_ddb: p99.9 < 1 s", "nope: max < 1 s"),
            "1 of 4 thresholds met so far, 3 cannot be judged yet (20 of 500 samples)",
            Style.PLAIN,
        ),
        (
            ("nope: max < 1 s",),
            "0 of 1 thresholds met so far, 1 cannot be judged yet",
            Style.PLAIN,
        ),
        (
            ("p99 < 300 ms min_samples 2000",),
            "0 of 1 thresholds met so far, 1 cannot be judged yet (1,000 of 2,000 samples)",
            Style.PLAIN,
        ),
        (("all: max < 100 ms",), "broken so far: all: max < 100 ms", Style.BAD),
        (
            ("write_to_ddb: max < 100 ms", "p99 < 300 ms", "write_to_ddb: failure_ratio <= 0"),
            "broken so far: write_to_ddb: max < 100 ms, write_to_ddb: failure_ratio <= 0%",
            Style.BAD,
        ),
    ],
)
def test_the_verdict_so_far_is_that_of_the_judges(
    judged: JudgedRun, texts: tuple[str, ...], text: str, style: Style
) -> None:
    assert shown(judged, *texts).verdict == (text, style)


@pytest.mark.parametrize(
    ("elapsed_s", "age_s", "time"),
    [
        (0.2, 0.0, "0s of 5m"),
        (0.2, 1.9, "2s of 5m"),
        (298.9, 0.9, "4m59s of 5m"),
        (299.1, 1.0, "5m of 5m, ending"),
        (312.0, 1.0, "5m of 5m, ending"),
    ],
)
def test_time_goes_on_between_progresses_and_ends_at_the_end(
    judged: JudgedRun, elapsed_s: float, age_s: float, time: str
) -> None:
    assert shown(judged, elapsed_s=elapsed_s, age_s=age_s).time == time


@pytest.mark.parametrize(
    ("text", "colour"), [("max < 1 s", "\x1b[32m━"), ("max < 1 ms", "\x1b[31m━")]
)
def test_the_bar_is_red_only_where_a_threshold_is_broken(
    judged: JudgedRun, text: str, colour: str
) -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system="truecolor")
    with console.capture() as captured:
        console.print(progress_block("t.py::t", shown(judged, text), run_time_s=300))

    assert colour in captured.get()


def test_in_the_warm_up_nothing_is_judged(judged: JudgedRun) -> None:
    warming_up = replace(judged.run, operations=())

    line = progress_line(shown(replace(judged, run=warming_up), "p99 < 1 ms", elapsed_s=0.2))

    assert line == (
        "0s of 5m, 10 users, 102 requests/s, 0 failures, 2.5 read units, 998 write units; "
        "not measuring yet"
    )


def test_arrivals_are_counted_over_the_last_seconds(judged: JudgedRun) -> None:
    """At 100 a second for 20 s, and none from then on."""
    rates = Rates()
    write = judged.run.operations[0]

    rates_per_s = []
    for second in range(1, 36):
        requests = 100 * min(second, 20)
        operation = replace(write, requests=requests - 50, failures=0, warmup_requests=50)
        run = replace(judged.run, operations=(operation,))
        rates_per_s.append(rates.per_s(Progress(elapsed_s=float(second), users=1, run=run)))

    assert rates_per_s[:20] == [100.0] * 20
    assert rates_per_s[24] == 50.0
    assert rates_per_s[30:] == [0.0] * 5
    assert rates_per_s == sorted(rates_per_s, reverse=True)


@pytest.mark.parametrize("width", [20, 80, 200])
def test_a_block_fits_the_screen(judged: JudgedRun, width: int) -> None:
    block = progress_block(judged.test * 5, shown(judged, "max < 1 ms"), run_time_s=300)

    lines = rendered(block, width)

    assert len(lines) < 12
    assert all(Text.from_ansi(line).cell_len <= width for line in lines)


def test_a_block_has_a_row_for_every_operation(judged: JudgedRun) -> None:
    text = "\n".join(rendered(progress_block("t.py::t", shown(judged, "max < 1 ms"), 300)))

    assert "11s of 5m" in text
    assert "10 users, 102 requests/s, 2 failures" in text
    assert "write_to_ddb" in text
    assert "p99 ms" in text
    assert "broken so far: " in text


def test_markup_and_controls_in_a_name_are_shown_as_they_are() -> None:
    (line,) = rendered(waiting_block("t.py::t[red]\x1b[2J"))

    assert line.startswith("t.py::t[red]\\x1b[2J: the load generator starts")


def test_an_undecided_threshold_is_not_met(judged: JudgedRun) -> None:
    one = judged.verdict.judgements[0]
    judgements = (replace(one, verdict=Verdict.INVALID), replace(one, verdict=Verdict.PASS))
    progress = Progress(elapsed_s=1.0, users=10, run=judged.run)

    found = view(
        progress,
        run_time_s=10,
        requests_per_s=100,
        judge=lambda _: RunVerdict(verdict=Verdict.INVALID, judgements=judgements),
    )

    assert found.verdict == ("1 of 2 thresholds met so far, 1 undecided", Style.PLAIN)
