"""The report file of ``--perf-json``."""

import json
import os
from pathlib import Path

from perf.core.report import ReportFile


def write_report(path: Path, report: ReportFile) -> None:
    """Write the report so that whoever looks finds the old file or the whole new one.

    Folders on the way are made. It is strict JSON: no NaN, whatever went into it. What is no
    regular file, such as ``/dev/stdout`` or a pipe, is written to, not replaced.

    Raises:
        OSError: the folder or the file cannot be written; a file that was there is as it was.
        ValueError: a figure is not finite.
    """
    text = json.dumps(report.to_json(), allow_nan=False, indent=2) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    path = path.resolve()  # a link stays, what it points to is written
    # Beside the target, since a rename is atomic only within one file system.
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
