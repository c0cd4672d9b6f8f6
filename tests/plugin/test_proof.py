"""Reports of checked answers and audited writes: right, wrong, lost, or not checked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOSSY = '''
"""A user whose target acknowledges every tenth write and forgets it."""

from aqp_perf.loadgen.clients.dynamodb import Answer
from aqp_perf.workloads.locustfile import PartiqlWriteUser


class LossyWriteUser(PartiqlWriteUser):
    def on_start(self):
        super().on_start()
        self.target = self.client
        self.client = self

    def execute_statement(self, *args, **kwargs):
        if self._sent % 10 == 3:
            return Answer([], None, 1.0, 2)
        return self.target.execute_statement(*args, **kwargs)
'''
TESTS = """
import pytest

pytestmark = pytest.mark.perf(pacing="100/s", users=4, thresholds=["failure_ratio <= 5%"])


def test_a_sound_target(perf_load):
    perf_load({"PartiqlWriteUser": 1, "PartiqlReadUser": 1, "AqpStatusUser": 1})


def test_an_audit_that_is_interrupted(perf_load, monkeypatch):
    def interrupted(*_, **__):
        raise TimeoutError("the hand that stops it")

    monkeypatch.setattr("aqp_perf.targets.tables.reading.TableReader.keys", interrupted)
    perf_load({"PartiqlWriteUser": 1, "PartiqlReadUser": 1}, verify="off")


def test_an_item_of_nobody(perf_load, perf_table, perf_target):
    key = {"pk": {"S": "x"}, "sk": {"S": "y"}}
    perf_target.client().put_item(TableName=perf_table.name, Item=key)
    perf_load("PartiqlWriteUser")
    perf_target.client().delete_item(TableName=perf_table.name, Key=key)


def test_data_that_was_changed(perf_load, perf_table, perf_target, perf_dataset):
    client = perf_target.client()
    for item in perf_dataset.seed_items():
        client.delete_item(
            TableName=perf_table.name, Key={"pk": item["pk"], "sk": item["sk"]}
        )
    perf_load({"PartiqlReadUser": 1, "AqpZipcodeUser": 1})


def test_lost_writes(perf_load, perf_table):
    perf_load("LossyWriteUser", locustfile="lossy.py")
"""


@pytest.fixture(scope="module")
def folder(new_project: Callable[..., Path]) -> Path:
    made = new_project(test_proof=TESTS)
    (made / "lossy.py").write_text(LOSSY)
    return made


@pytest.fixture(scope="module")
def session(folder: Path, run_pytest: Callable[..., pytest.RunResult]) -> pytest.RunResult:
    return run_pytest(
        folder,
        "-v",  # show passed runs whole
        "--perf-json=report.json",
        "--junitxml=junit.xml",
        "--perf-data=partitions=2,items_per_partition=20",
    )


@pytest.fixture(scope="module")
def runs(folder: Path, session: pytest.RunResult) -> dict[str, Any]:
    assert session.ret == pytest.ExitCode.TESTS_FAILED
    runs = json.loads((folder / "report.json").read_text())["runs"]
    return {each["test"].rpartition("::")[2]: each for each in runs}


def test_on_a_sound_target_every_answer_is_right_and_every_write_there(
    runs: dict[str, Any], session: pytest.RunResult
) -> None:
    run = runs["test_a_sound_target"]
    write, *reads = (run["operations"][each] for each in sorted(run["operations"], reverse=True))

    assert run["verdict"] == "pass"
    assert run["unverified"] is None
    assert [read["answers"]["checked"] for read in reads] == [read["requests"] for read in reads]
    assert all(read["answers"]["wrong"] == {} and read["requests"] > 15 for read in reads)
    assert write["answers"] is None
    audit = run["write_audit"]
    assert audit["acknowledged"] == audit["found"] == write["requests"] > 15
    assert (audit["lost"], audit["unexpected"], audit["ambiguous"]) == (0, 0, 0)
    assert audit["consumed_read_units"] > 1
    session.stdout.fnmatch_lines(["writes: * acknowledged, * found in the table, 0 lost, *"])


def test_a_run_whose_audit_did_not_end_is_invalid(
    runs: dict[str, Any], session: pytest.RunResult
) -> None:
    run = runs["test_an_audit_that_is_interrupted"]

    assert run["verdict"] == "invalid"
    assert run["invalid_reasons"] == ["the audit of the writes was interrupted"]
    assert run["write_audit"] is None
    session.stdout.fnmatch_lines(["writes not audited"])


def test_answers_that_nobody_looks_at_are_said_to_be_so(
    runs: dict[str, Any], session: pytest.RunResult
) -> None:
    assert runs["test_an_audit_that_is_interrupted"]["unverified"] == "the verification is off"
    session.stdout.fnmatch_lines(["answers not verified: the verification is off (read_from_ddb)"])


def test_an_item_that_nobody_sent_fails_the_run(runs: dict[str, Any]) -> None:
    run = runs["test_an_item_of_nobody"]

    assert run["verdict"] == "fail"
    assert run["write_audit"]["unexpected_keys"] == [{"pk": "x", "sk": "y"}]


def test_answers_that_do_not_fit_the_data_fail_the_run(runs: dict[str, Any]) -> None:
    run = runs["test_data_that_was_changed"]

    assert run["verdict"] == "fail"
    for operation in run["operations"].values():
        assert operation["failure_classes"] == {"wrong_answer": operation["requests"]}
        assert operation["answers"]["wrong"] == {"missing_group": operation["requests"]}
        queries = [wrong["query"] for wrong in operation["answers"]["evidence"]]
        assert 1 <= len(set(queries)) == len(queries) <= 3


def test_lost_writes_fail_the_run_whatever_its_latency(
    runs: dict[str, Any], session: pytest.RunResult
) -> None:
    run = runs["test_lost_writes"]
    audit = run["write_audit"]

    assert run["verdict"] == "fail"
    assert [each["verdict"] for each in run["thresholds"]] == ["pass"]
    assert audit["lost"] >= 2
    assert audit["found"] + audit["lost"] == audit["acknowledged"]
    assert audit["unexpected"] is None
    session.stdout.fnmatch_lines(
        [
            "FAIL: the table does not hold what was written",
            f"- {audit['lost']} of {audit['acknowledged']} acknowledged writes are not in the*",
        ]
    )
