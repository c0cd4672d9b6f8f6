"""Runs the tests of the code inside locust's processes, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 120.0


def test_the_tests_of_the_child_side_pass() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.child_side"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"exit code {done.returncode}\n{done.stdout}", pytrace=False)


def test_a_process_with_pytest_imports_neither_locust_nor_gevent() -> None:
    modules = (
        "aqp_perf.loadgen.command.launcher, aqp_perf.loadgen.command.workload_arguments, "
        "aqp_perf.loadgen.record.recorder, aqp_perf.plugin"
    )
    code = f"import {modules}, sys; print({{'locust', 'gevent'}} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
