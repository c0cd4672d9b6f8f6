"""What CI is told to run is there: workflows, recipes, hooks."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from perf.plugin.options import KEEP_TABLE_FLAG, OPTIONS, PROFILE_FLAG, THRESHOLD_FLAG
from perf.plugin.resolver import Resolver
from perf.targets import TargetKind
from perf.targets.environment import CREDENTIAL_VARIABLES
from perf.targets.permissions import _OTHER_ACTIONS
from perf.targets.sweep import main as sweep

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RECIPES = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(yaml|groovy|json)\n(.*?)^```", RECIPES, re.DOTALL | re.MULTILINE))
TEXTS = {
    **{path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS},
    ".pre-commit-config.yaml": (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"),
    "ci.md": RECIPES,
}
NIGHTLIES = {
    "GitHub": TEXTS["nightly.yml"],
    "GitLab": BLOCKS["yaml"],
    "Jenkins": BLOCKS["groovy"],
}
FLAGS = {option.flag for option in OPTIONS} | {PROFILE_FLAG, THRESHOLD_FLAG, KEEP_TABLE_FLAG}
VALUES = {
    "AWS_ACCOUNT": "123456789012",
    "AWS_REGION": "eu-west-1",
    "AQP": "none",
    "AQP_URL:-none": "https://aqp.example.com",
    "HISTORY": "s3://nights/main",
}
RUN_IDS = {"GitHub": "gh12121212121-1", "GitLab": "gl1212121212", "Jenkins": "jk1"}
"""Names of CI and their run ids, as `RUN_ID` makes them of numbers that begin badly."""


def command(text: str, start: str) -> list[str]:
    """Return the words of the one command that begins so, without the shell's variables."""
    words = re.sub(r"\\?\n\s+", " ", text[text.index(start) :].partition("\n\n")[0])
    for name, value in VALUES.items():
        words = words.replace(f"${name}", value).replace(f"${{{name}}}", value)
    end = re.search(r"--perf-history=\S+|--yes", words)
    assert end is not None
    return shlex.split(words[: end.end()] + '"' * (words[: end.end()].count('"') % 2))


@pytest.mark.parametrize("name", TEXTS)
def test_options_are_there(name: str) -> None:
    assert set(re.findall(r"--perf-[a-z-]+[a-z]", TEXTS[name])) <= FLAGS


@pytest.mark.parametrize("name", TEXTS)
def test_make_targets_are_there(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"(?:run: |- |sh '|`)make ([a-z-]+)", TEXTS[name])) <= targets


@pytest.mark.parametrize("name", TEXTS)
def test_files_and_benchmarks_are_there(name: str) -> None:
    paths = re.findall(r"bash (\.ci/[\w-]+)", TEXTS[name])
    modules = re.findall(r"python -m (benchmarks\.\w+|perf\.\w+)", TEXTS[name])
    places = [*paths, *(module.replace(".", "/") for module in modules)]
    assert [each for each in places if not list(ROOT.glob(f"{each}*"))] == []


@pytest.mark.parametrize("ci", NIGHTLIES)
def test_nightly_command_is_accepted(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    monkeypatch.setitem(VALUES, "RUN_ID", RUN_IDS[ci])
    _, _, pytest_, *args = command(NIGHTLIES[ci], ".venv/bin/python -m pytest")
    session = Resolver(pytester.parseconfig("-p", "no:locust", *args), run_id="random").session

    assert pytest_ == "pytest"
    assert (session.target.kind, session.target.account) == (TargetKind.AWS, "123456789012")
    assert session.run_id == RUN_IDS[ci]
    assert session.history is not None
    assert all((session.json_path, session.html_path))


@pytest.mark.parametrize("ci", NIGHTLIES)
def test_run_id_is_made_of_letters_and_a_number(ci: str) -> None:
    letters = re.match("[a-z]+", RUN_IDS[ci])
    assert letters is not None
    assert re.search(rf"RUN_ID( = |: )\"?{letters[0]}\$", NIGHTLIES[ci])


@pytest.mark.parametrize("ci", NIGHTLIES)
def test_sweep_of_the_nightly_run_takes_its_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str
) -> None:
    """Without a way to credentials it ends for want of them, not of its arguments."""
    for name in CREDENTIAL_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setitem(VALUES, "RUN_ID", RUN_IDS[ci])
    _, _, arguments = command(NIGHTLIES[ci], "make sweep")

    assert sweep(shlex.split(arguments.removeprefix("ARGS="))) == 2
    assert "credentials" in capsys.readouterr().err


def steps(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, job in yaml.safe_load(text)["jobs"].items():
        for step in job["steps"]:
            yield name, step


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_ends_and_may_do_little(path: Path) -> None:
    workflow = yaml.safe_load(TEXTS[path.name])

    assert workflow["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())
    assert all(("uses" in step) != ("run" in step) for _, step in steps(TEXTS[path.name]))


def test_nightly_load_is_swept_and_kept_whatever_became_of_it() -> None:
    named = {
        step.get("run", step.get("uses", "")).split()[0:2][-1].partition("@")[0]: step
        for _, step in steps(TEXTS["nightly.yml"])
    }

    assert named["sweep"]["if"] == named["actions/upload-artifact"]["if"] == "always()"
    assert list(named)[-1] == "sweep"


def test_gitlab_sweeps_after_whatever_became_of_the_load() -> None:
    recipe = yaml.safe_load(BLOCKS["yaml"])

    assert [job for job in recipe if job != "stages"] == ["check", "nightly"]
    assert "make sweep" in recipe["nightly"]["after_script"][0]
    assert recipe["nightly"]["artifacts"]["when"] == "always"


def test_jenkins_closes_what_it_opens() -> None:
    """It has no parser here; a brace too few is what one writes by mistake."""
    code = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"", "", BLOCKS["groovy"], flags=re.DOTALL)

    assert [code.count(each) for each in "{[("] == [code.count(each) for each in "}])"]
    assert "'" not in code


def test_policy_of_the_history_allows_what_the_store_calls() -> None:
    statements = json.loads(BLOCKS["json"])["Statement"]
    actions = [each["Action"] for each in statements]

    allowed = {*actions[1], actions[0]}
    assert allowed == {each for each in _OTHER_ACTIONS.values() if each.startswith("s3:")}


def test_hooks_are_those_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    hooks = yaml.safe_load(TEXTS[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    tools = {each["entry"].split()[0].removeprefix(".venv/bin/") for each in hooks}

    assert tools == set(
        re.findall(r"^\t\$\(BIN\)/(ruff|mypy|lint-imports)", makefile, re.MULTILINE)
    )
