"""A running load as a block that a terminal redraws in place."""

from typing import Final

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from aqp_perf.reports.lines import Style, printable, short_name
from aqp_perf.reports.text.progress_text import View

_MOST_ROWS: Final = 8
_BAR_WIDTH: Final = 30
_STYLE_OF: Final = {Style.GOOD: "green", Style.PLAIN: "", Style.BAD: "bold red"}
_COLUMNS: Final = ("operation", "requests", "failures", "p50 ms", "p99 ms")


def waiting_block(test: str) -> RenderableType:
    """Return what is shown before the first progress."""
    return _one_line(f"{printable(test)}: the load generator starts")


def progress_block(test: str, shown: View, run_time_s: float) -> RenderableType:
    """Return a few lines: test, time, figures, every operation, the verdict so far."""
    colour = "red" if shown.verdict.style is Style.BAD else "green"
    bar = ProgressBar(
        total=run_time_s,
        completed=shown.elapsed_s,
        width=_BAR_WIDTH,
        complete_style=colour,
        finished_style=colour,
    )
    head = Table.grid(padding=(0, 2))
    head.add_row(bar, Text(shown.time))
    return Group(
        _one_line(printable(test), "bold"),
        head,
        _one_line(shown.figures),
        *([_operations(shown)] if len(shown.rows) > 1 else []),
        _one_line(shown.verdict.text, _STYLE_OF[shown.verdict.style]),
    )


def _one_line(text: str, style: str = "") -> Text:
    return Text(text, style=style, overflow="ellipsis", no_wrap=True)


def _operations(shown: View) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    name, *figures = _COLUMNS
    table.add_column(name, no_wrap=True, overflow="ellipsis")
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for label, *cells in shown.rows[:_MOST_ROWS]:
        table.add_row(*map(Text, (short_name(label), *cells)))
    if len(shown.rows) > _MOST_ROWS:
        table.add_row(Text(f"{len(shown.rows) - _MOST_ROWS} more operations"))
    return table
