"""The wheel is all that a user's project needs: moto, the table, the workload, the plugin."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

TESTS = """
from pathlib import Path
import perf
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 0"])
def test_write(perf_load):
    assert perf_load("PartiqlWriteUser").operation("write_to_ddb").requests > 0
    assert Path(perf.__file__).parent == Path("installed/perf").resolve()
"""


def test_installed_wheel_puts_load_on_its_own_moto(
    pytestconfig: pytest.Config,
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> None:
    folder = new_project(test_it=TESTS)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=pytestconfig.rootpath,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("aqp_perf-*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")

    result = run_pytest(folder, "--perf-target=moto", PYTHONPATH=str(folder / "installed"))

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
