"""Another project needs only the wheel: plugin, workloads and moto, or users of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

TESTS = """
from pathlib import Path
import aqp_perf
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 0"])
def test_write(perf_load):
    assert perf_load("PartiqlWriteUser").operation("write_to_ddb").requests > 0
    assert Path(aqp_perf.__file__).parent == Path("installed/aqp_perf").resolve()

@pytest.mark.perf(thresholds=["failure_ratio <= 0", "p50 < 5 s"])
def test_their_own(perf_load):
    result = perf_load(locustfile="their_locustfile.py")
    assert result.operation("/cart").requests > 0
"""

THEIR_LOCUSTFILE = '''
"""Plain Locust, and a system under test of its own."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from locust import HttpUser, constant, events, task


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)


@events.test_start.add_listener
def open_shop(**_):
    Thread(target=shop.serve_forever, daemon=True).start()


class Visitor(HttpUser):
    host = f"http://127.0.0.1:{shop.server_port}"
    wait_time = constant(0.05)

    @task
    def look_at_the_cart(self):
        self.client.get("/cart")
'''


@pytest.fixture(scope="module")
def project(pytestconfig: pytest.Config, new_project: Callable[..., Path]) -> Path:
    """A folder with tests, a locustfile, and the wheel installed beside them."""
    folder = new_project(test_it=TESTS, their_locustfile=THEIR_LOCUSTFILE)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=pytestconfig.rootpath,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("aqp_perf-*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder


@pytest.mark.parametrize(("target", "test"), [("moto", "test_write"), ("none", "test_their_own")])
def test_installed_wheel_is_enough(
    project: Path, run_pytest: Callable[..., pytest.RunResult], target: str, test: str
) -> None:
    installed = {"PYTHONPATH": str(project / "installed")}

    options = (f"--perf-target={target}", f"-k={test}", f"--perf-html={target}.html")
    result = run_pytest(project, *options, **installed)

    result.assert_outcomes(passed=1, deselected=1)
    assert result.ret == pytest.ExitCode.OK
    assert "Apache ECharts" in (project / f"{target}.html").read_text(encoding="utf-8")


def test_folders_named_perf_are_their_own(
    project: Path, tmp_path: Path, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    """Many projects keep their load tests in such packages; ours must not take the name."""
    for folder in (tmp_path / "perf", tmp_path / "tests", tmp_path / "tests" / "perf"):
        folder.mkdir()
        (folder / "__init__.py").write_text("OWNER = 'them'\n")
    test = "import perf\n\ndef test_owner():\n    assert perf.OWNER == 'them'\n"
    (tmp_path / "perf" / "test_load.py").write_text(test)
    (tmp_path / "tests" / "perf" / "test_more.py").write_text(test)

    result = run_pytest(tmp_path, PYTHONPATH=str(project / "installed"))

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
