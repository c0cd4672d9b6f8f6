"""What a session pays for the plugin before its first load test."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = """
import sys

def test_nothing_heavy_was_imported():
    assert not {"boto3", "botocore", "gevent", "locust", "moto", "requests"} & set(sys.modules)
"""


def test_starting_pytest_imports_neither_locust_nor_boto3(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    folder = new_project(test_it=TESTS)

    result = run_pytest(folder, "-p", "no:requests_mock")

    assert result.ret == pytest.ExitCode.OK
    assert not (folder / "lock").exists(), "no load test, no lock"


def test_parent_of_a_load_run_imports_neither_locust_nor_gevent() -> None:
    modules = (
        "aqp_perf.loadgen.command.launcher, aqp_perf.loadgen.command.workload_arguments, "
        "aqp_perf.loadgen.record.recorder, aqp_perf.plugin"
    )
    code = f"import {modules}, sys; print({{'locust', 'gevent'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
