"""What all tests share: a clean environment, and property tests that do the same every time."""

import os
import signal

import pytest
from hypothesis import settings

# Pytester forgets what a session inside of a test is the first to import.
import aqp_perf.plugin.start  # noqa: F401

pytest_plugins = ["pytester"]

# No examples by chance, and a busy core is no slow code.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")

ENVIRONMENT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NETRC": os.devnull,
    "LC_ALL": "C.UTF-8",
}
CLEARED_PREFIXES = ("AWS_", "PERF_", "LOCUST_", "GITHUB_", "LC_")
CLEARED = {
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"),
    *("COLUMNS", "LINES", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "PY_COLORS"),
    *("LANG", "LANGUAGE", "TZ", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONWARNINGS"),
}
KEPT = {"PERF_LOCK_FILE"}  # where load tests wait for one another, not what they find


def is_perf_alone(config: pytest.Config) -> bool:
    """Whether this is a session of load tests alone: ``pytest -m perf``."""
    return bool(config.option.markexpr.strip() == "perf")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect no test of the package for a session of load tests: none of these is one."""
    return True if is_perf_alone(config) else None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Clear the environment, which children inherit, of whatever could change a result.

    A session of load tests alone (``pytest -m perf``) keeps it: it holds the user's settings.
    """
    if is_perf_alone(config):
        return
    for name in os.environ.keys() - KEPT:
        if name.upper() in CLEARED or name.startswith(CLEARED_PREFIXES):
            del os.environ[name]
    os.environ.update(ENVIRONMENT)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, and children inherit that


@pytest.fixture(autouse=True)
def own_lock_file(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a session inside a test a lock file of its own.

    A worker of xdist shares the lock while its tests run: a session in it would wait forever.
    """
    if "pytester" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path_factory").mktemp("lock")
        monkeypatch.setenv("PERF_LOCK_FILE", str(folder / "lock"))
