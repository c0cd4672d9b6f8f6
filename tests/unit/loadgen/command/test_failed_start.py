"""Errors of a locust process that left no result speak of the user's locustfile, not of locust."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.errors import GeneratorCrashed, InvalidOption, LocustfileFailed, PerfError
from aqp_perf.loadgen.command.failed_start import UnknownClass, no_result

OWN = Path("/u/own.py")
TRACEBACK = """starting
Traceback (most recent call last):
  File "/site-packages/locust/main.py", line 3, in <module>
    load()
  File "/u/own.py", line 7, in <module>
    import nothing
ModuleNotFoundError: No module named 'nothing'"""
UNKNOWN = str(UnknownClass("Byer", ("Buyer", "Seller")))

class_names = st.from_regex(r"[A-Za-z_]\w{0,20}", fullmatch=True)


def error_of(output: str, *, has_loaded: bool = False) -> PerfError:
    return no_result(2, output, OWN, has_loaded=has_loaded)


@given(class_names, st.lists(class_names, min_size=1), st.text(), st.text())
def test_message_of_the_child_is_found_by_the_parent(
    name: str, known: list[str], before: str, after: str
) -> None:
    unknown = UnknownClass(name, tuple(known))

    assert UnknownClass.find_in(f"{before}\n{unknown}\n{after}") == unknown


def test_an_unknown_class_comes_with_its_locustfile_and_the_classes_there() -> None:
    error = error_of(f"usage: locust [options]\nlocust: error: argument <Class>: {UNKNOWN}\n")

    assert isinstance(error, InvalidOption)
    assert str(error) == "user class: 'Byer' is not valid: /u/own.py has Buyer, Seller"


def test_an_import_that_fails_shows_the_locustfiles_frames() -> None:
    error = error_of(TRACEBACK)

    assert isinstance(error, LocustfileFailed)
    assert str(error) == (
        "/u/own.py could not be loaded\n"
        "Traceback (most recent call last):\n"
        '  File "/u/own.py", line 7, in <module>\n'
        "    import nothing\n"
        "ModuleNotFoundError: No module named 'nothing'"
    )


@pytest.mark.parametrize("output", [TRACEBACK, UNKNOWN])
def test_output_after_the_start_blames_no_locustfile(output: str) -> None:
    error = error_of(output, has_loaded=True)

    assert isinstance(error, GeneratorCrashed)
    assert str(error) == f"locust ended with exit code 2 and no result\n{output}"
