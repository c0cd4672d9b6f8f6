"""What CI runs exists and is accepted: workflows, recipes, hooks."""

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aqp_perf.plugin.settings.option_values import MissingBaseline
from aqp_perf.plugin.settings.options import OPTIONS
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.targets import TargetKind
from aqp_perf.targets.sweep.__main__ import main as sweep

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RECIPES = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(yaml|groovy|json)\n(.*?)^```", RECIPES, re.DOTALL | re.MULTILINE))
TEXTS = {
    **{path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS},
    ".pre-commit-config.yaml": (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"),
    "ci.md": RECIPES,
}
FLAGS = {option.flag for option in OPTIONS if option.has_flag}
HISTORY = "s3://nights/main"
SETTINGS = {
    "AWS_ACCOUNT": "123456789012",
    "AWS_REGION": "eu-west-1",
    "AQP": "none",
    "HISTORY": HISTORY,
}
RUN_IDS = {
    "GitHub": ("RUN_ID: gh${{ github.run_id }}-${{ github.run_attempt }}", "gh12121212121-1"),
    "GitLab": ("RUN_ID: gl$CI_JOB_ID", "gl1212121212"),
    "Jenkins": ('RUN_ID = "${BUILD_TAG}"', "jenkins-load-12"),
}
"""By name of a CI: how it makes a run id, and an example."""
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")


def steps(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, job in yaml.safe_load(text)["jobs"].items():
        for step in job["steps"]:
            yield name, step


def scripts(ci: str) -> Sequence[str]:
    """Return the shell scripts of the nightly job of a CI."""
    if ci == "GitHub":
        return [step["run"] for _, step in steps(TEXTS["nightly.yml"]) if "run" in step]
    if ci == "GitLab":
        job = yaml.safe_load(BLOCKS["yaml"])["nightly"]
        return [*job["script"], *job["after_script"]]
    found = re.findall(r"sh (?:'''(.*?)'''|'([^'\n]*)')", BLOCKS["groovy"], re.DOTALL)
    return [long or short for long, short in found]


def words(script: str, folder: Path, environment: Mapping[str, str]) -> list[list[str]]:
    """Return the words of every command of python, make and gh that a script runs.

    Args:
        script: a shell script; stubs of the three programs note their arguments.
        folder: an empty folder, in which the script runs.
        environment: the variables of the script, beside ``PATH``.
    """
    stub = '#!/bin/sh\nprintf \'%s\\n\' "${0##*/}" "$@" \'\' >> "$NOTES"\n'
    for path in (folder / ".venv/bin/python", folder / "make", folder / "gh"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(stub)
        path.chmod(0o755)
    notes = folder / "notes"
    path_there = f"{folder}:{os.environ['PATH']}"
    subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=folder,
        env={**environment, "PATH": path_there, "NOTES": str(notes)},
        check=True,
    )
    return [call.split("\n") for call in notes.read_text().removesuffix("\n\n").split("\n\n")]


def nightly(ci: str, start: str, folder: Path, **settings: str) -> list[str]:
    """Return the words of the command of a nightly job that contains ``start``."""
    (script,) = (script for script in scripts(ci) if start in script)
    (call,) = words(script, folder, {**SETTINGS, "RUN_ID": RUN_IDS[ci][1], **settings})
    return call


@pytest.mark.parametrize("name", TEXTS)
def test_options_exist(name: str) -> None:
    assert set(re.findall(r"--perf-[a-z-]+[a-z]", TEXTS[name])) <= FLAGS


@pytest.mark.parametrize("name", TEXTS)
def test_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"(?:run: |- |sh '|`)make ([a-z-]+)", TEXTS[name])) <= targets


@pytest.mark.parametrize("name", TEXTS)
def test_files_and_benchmarks_exist(name: str) -> None:
    paths = re.findall(r"bash (\.ci/[\w-]+)", TEXTS[name])
    modules = re.findall(r"python -m (benchmarks\.\w+|perf\.\w+)", TEXTS[name])
    places = [*paths, *(module.replace(".", "/") for module in modules)]
    assert [each for each in places if not list(ROOT.glob(f"{each}*"))] == []


@pytest.mark.parametrize("history", [HISTORY, ""])
@pytest.mark.parametrize("ci", RUN_IDS)
def test_nightly_command_is_accepted(
    pytester: pytest.Pytester, tmp_path: Path, ci: str, history: str
) -> None:
    """An empty variable for the history means no history."""
    _, _, pytest_, *args = nightly(ci, "-m pytest", tmp_path, HISTORY=history)
    session = Resolver(pytester.parseconfig(*args), run_id="random").session

    assert pytest_ == "pytest"
    assert (session.target.kind, session.target.account) == (TargetKind.AWS, "123456789012")
    assert session.run_id == RUN_IDS[ci][1]
    assert (None if session.history is None else str(session.history)) == (history or None)
    assert all((session.json_path, session.html_path))


@pytest.mark.parametrize("ci", RUN_IDS)
def test_run_id_is_unique_to_a_job(ci: str) -> None:
    text = {"GitHub": TEXTS["nightly.yml"], "GitLab": BLOCKS["yaml"], "Jenkins": BLOCKS["groovy"]}
    assert f"{RUN_IDS[ci][0]}\n" in text[ci]


@pytest.mark.parametrize("ci", RUN_IDS)
def test_sweep_of_the_nightly_run_takes_its_arguments(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ci: str
) -> None:
    """It takes its arguments and then ends, as there are no credentials."""
    _, _, arguments = nightly(ci, "make sweep", tmp_path)

    assert sweep(shlex.split(arguments.removeprefix("ARGS="))) == 2
    assert "credentials" in capsys.readouterr().err


def test_checks_run_on_the_systems_and_pythons_that_are_promised() -> None:
    """The oldest and the newest Python, and only such as the package names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [
        version
        for classifier in project["classifiers"]
        if (version := classifier.rpartition(" :: ")[2]).startswith("3.")
    ]
    matrix = yaml.safe_load(TEXTS["ci.yml"])["jobs"]["check"]["strategy"]["matrix"]

    assert [matrix["python"][0], matrix["python"][-1]] == [promised[0], promised[-1]]
    assert set(matrix["python"]) <= set(promised)
    assert project["requires-python"] == f">={promised[0]}"
    assert matrix["system"] == ["ubuntu-latest", "macos-latest"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_has_a_timeout_and_few_permissions(path: Path) -> None:
    workflow = yaml.safe_load(TEXTS[path.name])

    assert workflow["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())
    assert all(("uses" in step) != ("run" in step) for _, step in steps(TEXTS[path.name]))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_checkouts_keep_no_token(path: Path) -> None:
    named = re.findall(r"uses: (.*)", TEXTS[path.name])
    checkouts = [
        step
        for _, step in steps(TEXTS[path.name])
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert [each for each in named if not PINNED.fullmatch(each)] == []
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_code_of_a_pull_request_runs_without_write_permission() -> None:
    workflow = yaml.safe_load(TEXTS["pull-request.yml"])
    compare, comment = workflow["jobs"]["compare"], workflow["jobs"]["comment"]

    assert list(workflow[True]) == ["pull_request"]  # YAML's `on`; not pull_request_target
    assert "permissions" not in compare
    assert "secrets." not in TEXTS["pull-request.yml"]
    assert comment["permissions"] == {"pull-requests": "write"}
    assert "head.repo.full_name == github.repository" in comment["if"]
    assert [step.get("uses", "").partition("@")[0] for step in comment["steps"]] == [
        "actions/download-artifact",
        "",
    ]


def test_pull_request_compares_with_the_baseline_that_it_saves(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    measuring = [
        step["run"]
        for _, step in steps(TEXTS["pull-request.yml"])
        if step.get("name", "").startswith("measure")
    ]
    base, change = (script[script.index(".venv/bin/python") :].rstrip("\n") for script in measuring)
    places = {"GITHUB_WORKSPACE": str(pytester.path)}
    calls = words(f"{base}\n{change}", tmp_path, places)
    saving, comparing = (Resolver(pytester.parseconfig(*call[3:]), run_id="any") for call in calls)

    (saved, compared) = (each.session.baselines for each in (saving, comparing))
    assert saved.save == compared.compare
    assert saved.place.open(pytester.path / "base") == compared.place.open(pytester.path)
    assert saving.load({}) == comparing.load({})
    assert compared.missing is MissingBaseline.PASS
    assert compared.rules


@pytest.mark.parametrize(
    ("known", "request_"), [("", "POST r/issues/7/comments"), ("42", "PATCH r/issues/comments/42")]
)
def test_comment_of_a_pull_request_is_renewed(tmp_path: Path, known: str, request_: str) -> None:
    script = next(
        step["run"]
        for job, step in steps(TEXTS["pull-request.yml"])
        if job == "comment" and "run" in step
    )
    (tmp_path / "summary.md").write_text("# It is slower\n")
    (tmp_path / "gh").write_text(
        '#!/bin/sh\ncase "$*" in *--paginate*) printf %s "$KNOWN";; '
        '*) printf "%s\\n" "$@" "" >> "$NOTES";; esac\n'
    )
    environment = {"GITHUB_REPOSITORY": "r", "NUMBER": "7", "KNOWN": known}
    script = script.replace("repos/$GITHUB_REPOSITORY", "$GITHUB_REPOSITORY")

    (call,) = words(script, tmp_path, environment)

    assert " ".join(call) == f"api --silent --method {request_} --field body=@comment.md"
    mark, text = (tmp_path / "comment.md").read_text().splitlines()
    assert (mark, text) == ("<!-- pull-request.yml -->", "# It is slower")


def test_nightly_results_are_uploaded_and_tables_swept_after_any_outcome() -> None:
    named = {
        step.get("run", step.get("uses", "")).split()[0:2][-1].partition("@")[0]: step
        for _, step in steps(TEXTS["nightly.yml"])
    }

    assert named["sweep"]["if"] == named["actions/upload-artifact"]["if"] == "always()"
    assert list(named)[-1] == "sweep"


def test_gitlab_sweeps_after_any_outcome() -> None:
    recipe = yaml.safe_load(BLOCKS["yaml"])

    assert [job for job in recipe if job != "stages"] == ["check", "nightly"]
    assert "make sweep" in recipe["nightly"]["after_script"][0]
    assert recipe["nightly"]["artifacts"]["when"] == "always"


def test_jenkins_archives_reports_before_it_sweeps() -> None:
    post = BLOCKS["groovy"].partition("    post {")[2]
    always, _, cleanup = post.partition("        cleanup {")

    assert "always {" in always
    assert "make sweep" not in always
    assert "make sweep" in cleanup
    assert "junit testResults: 'reports/junit.xml', allowEmptyResults: true" in always
    assert "allowEmptyArchive: true" in always


def test_jenkins_brackets_are_balanced() -> None:
    """There is no parser for it here."""
    code = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"", "", BLOCKS["groovy"], flags=re.DOTALL)

    assert [code.count(each) for each in "{[("] == [code.count(each) for each in "}])"]
    assert "'" not in code


def test_policy_of_the_history_allows_what_the_store_calls() -> None:
    statements = json.loads(BLOCKS["json"])["Statement"]
    actions = [each["Action"] for each in statements]

    allowed = {*actions[1], actions[0]}
    assert allowed == {
        f"s3:{name}" for name in ("ListBucket", "GetObject", "PutObject", "AbortMultipartUpload")
    }


def test_hooks_run_the_tools_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    hooks = yaml.safe_load(TEXTS[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    tools = {each["entry"].split()[0].removeprefix(".venv/bin/") for each in hooks}

    assert tools == set(
        re.findall(r"^\t\$\(BIN\)/(ruff|mypy|lint-imports)", makefile, re.MULTILINE)
    )
