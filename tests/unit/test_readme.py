"""README and docs name what exists: commands, options, make targets, files, headings, benchmarks.

A command is a line of an ``sh`` or ``console`` block, or the code of a table or a sentence, that
begins with ``make``, ``pytest``, ``locust`` or ``python -m``. ``tests/plugin/test_readme.py`` runs
the Python code.
"""

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from aqp_perf.plugin.settings.options import OPTIONS
from aqp_perf.plugin.settings.profiles import SHIPPED
from aqp_perf.plugin.settings.resolver import Resolver

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
MOST_LINES = 150
"""README is read in the first ten minutes."""


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors_in(page: Path) -> set[str]:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "options.md"], ids=lambda page: page.name
)
def test_options_exist(page: Path) -> None:
    known = {option.flag for option in OPTIONS if option.has_flag}
    assert set(re.findall(r"--perf-[a-z-]+[a-z]", page.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), link
        assert not anchor or anchor in anchors_in(linked), link


@pytest.mark.parametrize("profile", SHIPPED)
def test_profiles_that_ship_are_named(profile: str) -> None:
    assert f"`{profile}`" in README


def commands_in(page: Path) -> list[str]:
    """Return the commands of a page, without the variables and the prompt in front of them."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    candidates = [*lines, *re.findall(r"`([^`\n]+)`", text)]
    found = [
        re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*((?:make|pytest|locust|python -m) .+)", each)
        for each in candidates
    ]
    # A name in capitals or an ellipsis stands for what the reader puts in.
    return [each[1] for each in found if each and not re.search(r"…|\b(FILE|DIR|NAME)\b", each[1])]


COMMANDS = sorted({command for page in PAGES for command in commands_in(page)})


def commands_of(program: str) -> list[str]:
    found = [command for command in COMMANDS if command.startswith(f"{program} ")]
    assert found
    return found


@cache
def help_of(*command: str) -> str:
    return subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout


def flags(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if word.startswith("-")}


@pytest.mark.parametrize("command", commands_of("pytest"))
def test_pytest_takes_its_arguments(pytester: pytest.Pytester, command: str) -> None:
    _, *arguments = shlex.split(command, comments=True)
    if arguments == ["--help"]:
        return
    config = pytester.parseconfig(*arguments)
    Resolver(config, run_id="any")


@pytest.mark.parametrize("command", commands_of("make"))
def test_make_has_its_target(command: str) -> None:
    _, target, *_ = shlex.split(command, comments=True)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("command", commands_of("python -m"))
def test_module_has_its_arguments(command: str) -> None:
    _, _, module, *arguments = shlex.split(command, comments=True)
    if module.startswith("benchmarks."):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    else:
        text = help_of(sys.executable, "-m", module)
        assert flags(arguments) <= set(re.findall(r"-[\w-]+", text))


@pytest.mark.parametrize("command", commands_of("locust"))
def test_locust_has_its_arguments(command: str) -> None:
    _, _, locustfile, *arguments = shlex.split(command, comments=True)
    text = help_of(sys.executable, "-m", "locust", "-f", str(ROOT / locustfile))
    assert flags(arguments) <= set(re.findall(r"-[\w-]+", text))
