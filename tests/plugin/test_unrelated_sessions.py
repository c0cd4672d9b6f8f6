"""A session without load tests does not notice that the plugin is installed."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TEST = "def test_it(): pass\n"
MOST_MODULES = 10
SHOWING_MODULES = """
import json, pathlib, sys

def pytest_unconfigure(config):
    ours = sorted(name for name in sys.modules if name.partition(".")[0] == "aqp_perf")
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    config.rootpath.joinpath(f"modules-{worker}.json").write_text(json.dumps(ours))
"""


def session(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest as a user does: all plugins that are installed are loaded."""
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = os.environ | {"PERF_LOCK_FILE": str(folder / "lock")} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "pyproject.toml").write_text("[tool.perf]\nkind = 'of another tool'\n")
    return tmp_path


@pytest.mark.parametrize("arguments", [["--collect-only"], [], ["-n", "2"]])
def test_it_imports_next_to_nothing_and_says_nothing(project: Path, arguments: list[str]) -> None:
    (project / "conftest.py").write_text(SHOWING_MODULES)

    done = session(project, *arguments)

    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "perf:" not in done.stdout
    assert not (project / "lock").exists()
    for file in project.glob("modules-*.json"):
        assert len(json.loads(file.read_text())) <= MOST_MODULES, file.read_text()


@pytest.mark.parametrize("arguments", [["--help"], ["--markers"], ["--fixtures"], ["--version"]])
def test_it_reads_no_configuration(project: Path, arguments: list[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.aqp-perf]\nusers = 'many'\n")

    assert session(project, *arguments).returncode == pytest.ExitCode.OK


def test_it_does_not_wait_for_the_load_test_of_another_session(project: Path) -> None:
    with (project / "lock").open("w") as lock, (project / "lock.gate").open("w") as gate:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(gate, fcntl.LOCK_EX)

        assert session(project, "-n", "2").returncode == pytest.ExitCode.OK


def test_a_load_test_that_was_deselected_is_none(project: Path) -> None:
    (project / "test_load.py").write_text("def test_load(perf_load): perf_load()\n")

    done = session(project, "-k", "test_it")

    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "perf:" not in done.stdout


def test_ctrl_c_has_the_exit_code_of_pytest(project: Path) -> None:
    text = f"import os\ndef test_it(): os.kill(os.getpid(), {int(signal.SIGINT)})\n"
    (project / "test_it.py").write_text(text)

    assert session(project).returncode == pytest.ExitCode.INTERRUPTED


THEIR_PLUGIN = "import pytest_locust.plugin as theirs"
OUR_PLUGIN = "import aqp_perf.plugin as ours"
FIXTURE = """
import pytest

@pytest.fixture
def session(): return 'mine'
"""


@pytest.fixture(params=["before", "after"])
def beside_locust(request: pytest.FixtureRequest, project: Path) -> Path:
    """Load Locust's plugin, which comes along with it, before or after ours, as by chance."""
    names = [("locust", "theirs"), ("aqp_perf.plugin", "ours")]
    is_before = request.param == "before"
    lines = [THEIR_PLUGIN, OUR_PLUGIN]
    calls = "\n".join(
        f"    if not manager.is_blocked({name!r}): manager.register({module}, {name!r})"
        for name, module in (names if is_before else names[::-1])
    )
    (project / "loads.py").write_text(
        "\n".join(lines if is_before else lines[::-1])
        + "\n\ndef pytest_addoption(parser, pluginmanager):\n"
        f"    manager = pluginmanager\n{calls}\n"
    )
    return project


def session_of_two(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest with the two plugins only."""
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(folder)}
    return session(folder, *arguments, "-p", "loads", **variables)


@pytest.mark.parametrize(("given", "host"), [(["--host=theirs"], "theirs"), ([], "shop")])
def test_the_option_of_locusts_plugin_is_free(
    beside_locust: Path, given: list[str], host: str
) -> None:
    (beside_locust / "conftest.py").write_text(
        f"{FIXTURE}\n"
        "def pytest_addoption(parser): parser.addoption('--host', '-H', default='shop')\n"
    )
    (beside_locust / "test_it.py").write_text(
        "def test_it(session, pytestconfig):\n"
        f"    assert (session, pytestconfig.getoption('--host')) == ('mine', {host!r})\n"
    )

    done = session_of_two(beside_locust, *given)

    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["session", "fastsession"])
def test_locusts_plugin_brings_no_fixture(beside_locust: Path, name: str) -> None:
    (beside_locust / "test_it.py").write_text(f"def test_it({name}): pass\n")

    assert f"fixture '{name}' not found" in session_of_two(beside_locust).stdout


def test_a_plugin_may_have_the_fixture_of_locusts(beside_locust: Path) -> None:
    """It is registered before the two, so a fixture of theirs would win."""
    (beside_locust / "shop.py").write_text(FIXTURE)
    (beside_locust / "test_it.py").write_text("def test_it(session): assert session == 'mine'\n")

    done = session_of_two(beside_locust, "-p", "shop")

    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
