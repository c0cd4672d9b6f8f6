"""What a session without load tests pays for the plugin."""

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
