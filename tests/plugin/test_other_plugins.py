"""In a project whose other plugins have names of ours, or treat tests in their own way."""

import pytest

OWN_OPTION = 'def pytest_addoption(parser): parser.addoption("--perf-target", default="shop")\n'
HELPER_OPTION = """
FLAG = "--perf-" + "target"
def pytest_addoption(parser): parser.addoption(FLAG)
"""


@pytest.mark.parametrize(
    ("module", "arguments", "owner"),
    [
        ({"conftest": OWN_OPTION}, [], "conftest.py"),
        ({"shop": OWN_OPTION}, ["-p", "shop"], "the plugin shop "),
        ({"shop": HELPER_OPTION}, ["-p", "shop"], "the plugin of another package "),
    ],
)
def test_an_option_of_ours_in_another_plugin_is_one_sentence(
    pytester: pytest.Pytester, module: dict[str, str], arguments: list[str], owner: str
) -> None:
    """Pytest would end with a traceback."""
    pytester.makepyfile(test_it="def test_it(): pass", **module)

    result = pytester.runpytest_subprocess(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = (line for line in result.errlines if line)
    assert line.startswith("ERROR: --perf-target: ")
    assert owner in line


@pytest.mark.parametrize("line", ["perf_users = [1]", "perf_keep_table = 1"])
def test_the_controller_of_xdist_leaves_a_bad_type_to_the_options(
    pytester: pytest.Pytester, line: str
) -> None:
    """It has to look at the ini file before it knows of load tests."""
    pytester.makepyprojecttoml(f"[tool.pytest]\n{line}")
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_subprocess("-p", "no:locust", "-W", "error", "-n1")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = (line for line in result.errlines if line)
    assert error.startswith("ERROR: ini key perf_")


def test_an_error_of_a_conftest_is_not_ours(pytester: pytest.Pytester) -> None:
    """It is shown as pytest shows it."""
    pytester.makeconftest("def pytest_addoption(parser): raise ValueError('a mistake')")

    result = pytester.runpytest_subprocess()

    result.stderr.fnmatch_lines(["ValueError: a mistake"])
