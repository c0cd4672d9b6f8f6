"""Refuses two options that write the same file: the later one would replace the other's."""

import os
from pathlib import Path
from typing import Final

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.plugin.settings.option_values import SUFFIX, is_path
from aqp_perf.plugin.settings.session_settings import SessionSettings

STEP_SUMMARY_VARIABLE: Final = "GITHUB_STEP_SUMMARY"
"""GitHub Actions: the file whose Markdown it shows with the job."""


def check_written_files(session: SessionSettings, config: pytest.Config) -> None:
    """Refuse two options that write the same file; they may share a device or a pipe.

    Args:
        session: has the files of the plugin's options.
        config: has the file of pytest's ``--junitxml``, and the root of the baselines.

    Raises:
        InvalidOption: names both options and the file.
    """
    writers: dict[Path, str] = {}
    for option, path in _written(session, config).items():
        if path is None:
            continue
        try:
            if path.exists() and not path.is_file():
                continue
            file = path.resolve()
        except (OSError, RuntimeError):  # it cannot be written, which its own option reports
            continue
        other = writers.setdefault(file, option)
        if other != option:
            hint = f"{other} writes this file, too: give each one of its own"
            raise InvalidOption(option, str(file), hint)


def _written(session: SessionSettings, config: pytest.Config) -> dict[str, Path | None]:
    """Return option → its file; None: no file, or one in S3."""
    summary = os.environ.get(STEP_SUMMARY_VARIABLE)
    junit = config.getoption("xmlpath", None)
    save, folder = session.baselines.save, session.baselines.place.folder(config.rootpath)
    anchor = session.baselines.anchor
    return {
        STEP_SUMMARY_VARIABLE: Path(summary) if summary else None,
        "--perf-json": session.json_path,
        "--perf-html": session.html_path,
        "--perf-markdown": session.markdown_path,
        # As pytest reads it.
        "--junitxml": Path(os.path.expandvars(junit)).expanduser().absolute() if junit else None,
        "--perf-save": folder / (save + SUFFIX) if save and folder else None,
        # It is only read, and has to stay.
        "perf_anchor": config.rootpath / anchor if anchor and is_path(anchor) else None,
    }
