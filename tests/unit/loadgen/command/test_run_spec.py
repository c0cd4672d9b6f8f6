"""A load run is an ordinary locust command."""

import shlex
import socket
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.pacing import ClosedModel, OpenModel
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.loadgen.command.file_arguments import FileArgument
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE, RunSpec

SPEC = RunSpec(
    users=10,
    spawn_rate=2.5,
    run_time_s=300,
    stop_timeout_s=10,
    warmup_s=30,
    pacing=OpenModel.at(200.0),
)
RESULT = Path("/r/result.json")


def options(spec: RunSpec) -> list[str]:
    """Return the command from the user classes on."""
    argv = spec.argv(RESULT)
    assert argv[:2] == ["locust", "-f"]
    return argv[3:]


def test_the_command_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(LOCUSTFILE.parents[2])
    spec = RunSpec(
        user_classes={"PartiqlWriteUser": 1},
        users=10,
        spawn_rate=1,
        run_time_s=300,
        stop_timeout_s=10,
        warmup_s=1.5,
        pacing=ClosedModel.THINK,
        host="http://127.0.0.1:8080",
        workload={"table": "orders 1", "region": "eu-west-1"},
    )

    assert shlex.join(spec.argv(RESULT)) == (
        "locust -f aqp_perf/loadgen/instrument.py,aqp_perf/workloads/locustfile.py "
        "PartiqlWriteUser --headless --only-summary -u 10 -r 1 -t 300s --stop-timeout 10 "
        "--perf-warmup 1s500ms --perf-pacing think "
        "--host http://127.0.0.1:8080 --perf-table 'orders 1' --perf-region eu-west-1 "
        "--perf-result-file /r/result.json"
    )


def test_the_processes_of_our_servers_are_part_of_the_command() -> None:
    argv = replace(SPEC, server_processes=("7:100", "8:200")).argv(RESULT)
    assert argv[-6:-2] == ["--perf-server-process", "7:100", "--perf-server-process", "8:200"]


def test_a_file_that_ends_itself_is_part_of_the_command() -> None:
    assert "--perf-ends-itself" in replace(SPEC, ends_itself=True).argv(RESULT)
    assert "--perf-ends-itself" not in SPEC.argv(RESULT)


def test_a_budget_is_part_of_the_command() -> None:
    budget = parse_budget("4.99:0.125:0.625")
    argv = replace(SPEC, budget=budget).argv(RESULT)
    assert argv[argv.index("--perf-budget") + 1] == "4.99:0.125:0.625"
    assert "--perf-budget" not in SPEC.argv(RESULT)


def test_progress_is_written_only_on_request() -> None:
    argv = replace(SPEC, progress_s=0.5).argv(RESULT)
    assert argv[argv.index("--perf-progress") + 1] == "500ms"
    assert "--perf-progress" not in SPEC.argv(RESULT)


def test_file_outside_the_working_folder_has_a_full_path(tmp_path: Path) -> None:
    spec = replace(SPEC, locustfile=tmp_path / "own.py")

    assert spec.argv(RESULT)[2].endswith(f",{tmp_path / 'own.py'}")


def test_several_locustfiles_are_one_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = replace(SPEC, locustfile=[Path("shop.py"), tmp_path / "folder"])

    assert spec.argv(RESULT)[2].endswith("instrument.py,shop.py,folder")


def test_tags_and_arguments_are_words_of_the_command() -> None:
    """No value of theirs may be taken for a user class, or a dash in it for an argument."""
    arguments = [
        FileArgument("table", ("-x y",)),
        FileArgument("n", ("5",)),
        FileArgument("verbose"),
        FileArgument("items", ("a", "b")),
    ]
    argv = options(replace(SPEC, tags=["slow", "fast"], arguments=arguments))

    at = argv.index("--tags")
    assert argv[at:-2] == [
        *("--tags", "slow", "fast"),
        *("--table=-x y", "-n=5", "--verbose", "--items", "a", "b"),
    ]
    assert argv[-2] == "--perf-result-file"


@pytest.mark.parametrize(
    ("classes", "config"),
    [
        ({}, None),
        ({"A": 3}, None),
        (
            {"A": 2, "B": 2},
            '[{"user_class_name": "A", "weight": 2}, {"user_class_name": "B", "weight": 2}]',
        ),
        (
            {"A": 3, "B": 1},
            '[{"user_class_name": "A", "weight": 3}, {"user_class_name": "B", "weight": 1}]',
        ),
    ],
)
def test_weights_of_several_classes_replace_their_own(
    classes: dict[str, int], config: str | None
) -> None:
    spec = replace(SPEC, user_classes=classes)
    argv = options(spec)

    assert argv[: len(classes)] == list(classes)
    given = argv[argv.index("--config-users") + 1] if "--config-users" in argv else None
    assert given == config


@pytest.mark.parametrize(
    ("seconds", "whole"), [(1.0, "1"), (0.5, "1"), (1.001, "2"), (2_000_000, "2000000")]
)
def test_times_are_rounded_up_to_whole_seconds(seconds: float, whole: str) -> None:
    spec = replace(SPEC, run_time_s=seconds, stop_timeout_s=seconds)
    given = dict(pairwise(options(spec)))

    assert (given["-t"], given["--stop-timeout"]) == (f"{whole}s", whole)


def test_worker_processes_meet_on_a_free_loopback_port() -> None:
    spec = replace(SPEC, processes=2)
    argv = options(spec)
    given = dict(pairwise(argv))

    assert given["--processes"] == "2"
    assert given["--master-bind-host"] == "127.0.0.1"
    assert given["--master-bind-port"] == given["--master-port"] != "5557"


def test_a_master_waits_for_the_workers_on_other_machines() -> None:
    spec = replace(SPEC, processes=2, expect_workers=3, master_bind="10.0.0.1:7000")
    argv = options(spec)
    given = dict(pairwise(argv))

    assert "--master" in argv
    assert "--processes" not in argv
    assert given["--expect-workers"] == "3"
    assert (given["--master-bind-host"], given["--master-bind-port"]) == ("10.0.0.1", "7000")


@pytest.mark.parametrize(
    ("bind", "master"),
    [("10.0.0.1:7000", "10.0.0.1"), ("0.0.0.0:7000", "this-machine"), (":7000", "this-machine")],
)
def test_a_worker_is_told_where_its_master_is(
    monkeypatch: pytest.MonkeyPatch, bind: str, master: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "this-machine")

    command = replace(SPEC, expect_workers=1, master_bind=bind).worker_command

    assert command == f"locust -f - --worker --master-host={master} --master-port=7000"


def test_abort_rules_are_arguments() -> None:
    rules = ["abort: failure_ratio > 50%", "abort: a: p99 > 2 s after 7"]
    argv = options(replace(SPEC, abort_rules=[parse_threshold(rule) for rule in rules]))

    at = argv.index("--perf-abort")
    assert argv[at : at + 4] == [
        *("--perf-abort", "failure_ratio > 50%", "--perf-abort", "a: p99 > 2 s after 7"),
    ]


def test_deadline_includes_spawning_and_stopping() -> None:
    assert SPEC.deadline_s >= 300 + 10 / 2.5 + 10
    assert SPEC.load_deadline_s >= 300 + 10
