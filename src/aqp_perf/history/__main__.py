"""``python -m aqp_perf.history DIR``: show what sessions measured, and where its level changed.

Exit code 0: the history was read. 2: it cannot be read, has no session, or the arguments are wrong.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from aqp_perf.core.results.series import series_of
from aqp_perf.core.results.trends import find_trends
from aqp_perf.errors import ConfigError
from aqp_perf.extras import Extra, is_installed
from aqp_perf.history.change_points import INSTALL_HINT, find_changes
from aqp_perf.history.commits import commits_in
from aqp_perf.history.reading import HISTORY_ERRORS, error_text, read_history
from aqp_perf.reports.lines import Line, printable
from aqp_perf.reports.text.trend_lines import overview_lines, skipped_lines
from aqp_perf.stores.file_store import Place, parse_place


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the history that the arguments name; return the exit code."""
    parser = ArgumentParser(
        prog="python -m aqp_perf.history",
        description="Show what the sessions of a history measured, and where its level changed.",
    )
    parser.add_argument("history", metavar="DIR", help="a folder, or s3://bucket/prefix")
    parser.add_argument(
        "--checkout",
        type=Path,
        default=Path.cwd(),
        metavar="DIR",
        help="git checkout in which the commits between two sessions are counted",
    )
    options = parser.parse_args(arguments)
    try:
        place = parse_place(options.history)
    except (ConfigError, ValueError) as error:
        return _refuse(options.history, str(error))
    try:
        history = read_history(Place(text=place).open(Path.cwd()))
        trends = find_trends(
            series_of(history.sessions),
            find_changes if is_installed(Extra.HISTORY) else lambda _: (),
            commits_in(options.checkout),
        )
    except HISTORY_ERRORS as error:
        return _refuse(options.history, error_text(error))
    if not history.sessions:
        skipped = (f"skipped: {text}" for text in history.skipped)
        return _refuse(options.history, "; ".join(["no session was found", *skipped]))
    lines = [
        Line(f"sessions: {len(history.sessions)}, series: {len(trends)}"),
        *skipped_lines(history.skipped),
        *overview_lines(trends),
    ]
    if not is_installed(Extra.HISTORY):
        lines.append(Line(INSTALL_HINT))
    sys.stdout.writelines(f"{line.text}\n" for line in lines)
    return 0


def _refuse(place: str, why: str) -> int:
    sys.stderr.write(f"{printable(place)}: {printable(why)}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
