"""Errors of a locust process that left no result speak of the user's locustfile, not of locust."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.errors import GeneratorCrashed, InvalidOption, LocustfileFailed, PerfError
from aqp_perf.loadgen.command.failed_start import LOADED, FailedInit, UnknownName, no_result
from aqp_perf.loadgen.command.file_arguments import FileArgument
from aqp_perf.loadgen.command.run_spec import RunSpec

OWN = Path("/u/own.py")
SPEC = RunSpec(
    locustfile=OWN,
    users=1,
    spawn_rate=1,
    run_time_s=1,
    stop_timeout_s=1,
    warmup_s=0,
    pacing=ClosedModel.THINK,
)
TRACEBACK = """starting
Traceback (most recent call last):
  File "/site-packages/locust/main.py", line 3, in <module>
    load()
  File "/u/own.py", line 7, in <module>
    import nothing
ModuleNotFoundError: No module named 'nothing'"""
UNKNOWN = str(UnknownName("user class", "Byer", ("Buyer", "Seller")))

class_names = st.from_regex(r"[A-Za-z_]\w{0,20}", fullmatch=True)


def error_of(output: str, *, has_loaded: bool = False, **changes: Any) -> PerfError:  # noqa: ANN401 - fields of a RunSpec
    return no_result(2, output, replace(SPEC, **changes), has_loaded=has_loaded)


@given(
    st.sampled_from(["user class", "tag", "argument"]),
    class_names,
    st.lists(class_names),
    st.text(),
    st.text(),
)
def test_message_of_the_child_is_found_by_the_parent(
    kind: str, name: str, known: list[str], before: str, after: str
) -> None:
    unknown = UnknownName(kind, name, tuple(known))

    assert UnknownName.find_in(f"{before}\n{unknown}\n{after}") == unknown


def test_an_unknown_class_comes_with_its_locustfile_and_the_classes_there() -> None:
    error = error_of(f"usage: locust [options]\nlocust: error: argument <Class>: {UNKNOWN}\n")

    assert isinstance(error, InvalidOption)
    assert str(error) == "user class: 'Byer' is not valid: /u/own.py has Buyer, Seller"


ARGUMENTS = (FileArgument("tabel", ("x",)), FileArgument("items", ("1", "b")))


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (
            UnknownName("argument", "--tabel", ("--table", "--items")),
            (
                "arguments: 'tabel' is not valid: /u/own.py has no such argument; it has --table, "
                "--items"
            ),
        ),
        (
            UnknownName("argument", "--tabel", ()),
            "arguments: 'tabel' is not valid: /u/own.py has no such argument; it has none",
        ),
        (
            "argument -i/--items: invalid int value: 'b'",
            (
                "arguments: items: ['1', 'b'] is not valid: /u/own.py refuses it: invalid int "
                "value: 'b'"
            ),
        ),
        (
            UnknownName("argument", "b", ("--items",)),
            "arguments: items: ['1', 'b'] is not valid: /u/own.py does not take so many values",
        ),
        (
            f"argument <Class>: {UnknownName('user class', 'b', ('Buyer',))}",
            "arguments: items: ['1', 'b'] is not valid: /u/own.py does not take so many values",
        ),
        (
            "the following arguments are required: --shop",
            "arguments: --shop is missing: /u/own.py requires it",
        ),
        (
            f"argument -T/--tags: {UnknownName('tag', 'slwo', ('slow',))}",
            "tags: 'slwo' is not valid: /u/own.py has slow",
        ),
        (
            f"argument -T/--tags: {UnknownName('tag', 'slow', ())}",
            "tags: 'slow' is not valid: /u/own.py has no task with a tag",
        ),
    ],
)
def test_what_the_parser_refuses_is_named_as_the_test_gave_it(output: object, text: str) -> None:
    error = error_of(f"usage: locust [options]\nlocust: error: {output}\n", arguments=ARGUMENTS)

    assert isinstance(error, InvalidOption)
    assert str(error) == text


def test_two_files_with_one_user_class_are_named() -> None:
    output = "Duplicate user class names: Buyer is defined in both /u/a.py and /u/b.py\n"
    error = error_of(output, locustfile=[Path("/u/a.py"), Path("/u/b.py")])

    assert str(error) == (
        "locustfile: '/u/a.py, /u/b.py' is not valid: two of its files have a user class Buyer: "
        "rename one"
    )


def test_an_import_that_fails_in_a_folder_shows_the_frames_below_it() -> None:
    error = error_of(TRACEBACK, locustfile=Path("/u"))

    assert str(error).splitlines()[2] == '  File "/u/own.py", line 7, in <module>'


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


def test_an_init_listener_that_raises_is_the_error() -> None:
    reason = "an init listener raised KeyError: 'x' (own.py:5)"
    error = error_of(f"before\n{TRACEBACK}\n{FailedInit(reason)}\nafter\n", has_loaded=True)

    assert isinstance(error, LocustfileFailed)
    assert str(error) == f"/u/own.py could not be loaded: {reason}"


def test_a_listener_of_the_arguments_that_raises_shows_the_locustfiles_frames() -> None:
    output = f"Uncaught exception in event handler: \n{TRACEBACK}\n\n[now] main: {LOADED} 2\nmore"
    error = error_of(output, has_loaded=True)

    assert isinstance(error, LocustfileFailed)
    assert str(error).startswith("/u/own.py could not be loaded\nTraceback")
    assert "locust/main.py" not in str(error)
    assert str(error).rstrip().endswith("No module named 'nothing'")
