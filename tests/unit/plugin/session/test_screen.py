"""A line of ours stands by itself, and pytest goes on below it."""

import pytest

TESTS = """
from aqp_perf.plugin.session.screen import announce

def test_first():
    pass

def test_second(request):
    announce(request.config, "ours")

def test_third():
    pass
"""


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ((), ["test_it.py .", "ours", "..*[[]100%]"]),
        (("-q",), [".", "ours", "..*[[]100%]"]),
        (
            ("-v",),
            [
                "test_it.py::test_first PASSED*",
                "test_it.py::test_second *",
                "ours",
                "",
                "test_it.py::test_second PASSED*",
                "test_it.py::test_third PASSED*",
            ],
        ),
    ],
    ids=["by default", "quiet", "verbose"],
)
def test_pytest_goes_on_below_a_line_of_ours(
    pytester: pytest.Pytester, args: tuple[str, ...], shown: list[str]
) -> None:
    pytester.makepyfile(test_it=TESTS)

    result = pytester.runpytest_inprocess(*args)

    result.stdout.fnmatch_lines(shown, consecutive=True)


def test_a_worker_of_xdist_shows_a_line_beside_its_controller(pytester: pytest.Pytester) -> None:
    """Its own standard output leads nowhere."""
    pytester.makepyfile(test_it=TESTS)

    result = pytester.runpytest_subprocess("-p", "no:locust", "-n1")

    result.assert_outcomes(passed=3)
    result.stderr.fnmatch_lines(["ours"])
