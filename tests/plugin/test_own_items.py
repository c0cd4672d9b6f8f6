"""A table of one's own: pytest creates it from the declaration, users write it, a run audits it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles import declared

NewProject = Callable[..., Path]
RunPytest = Callable[..., pytest.RunResult]

LOAD = """
from items import {item}
from aqp_perf.users import InsertUser


class Write(InsertUser):
    item = {item}
"""
TEST = """
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 0"])
def test_write(perf_load):
    perf_load("Write", locustfile="load.py")
"""
SHORT = ("--perf-run-time=2s", "--perf-pacing=50/s", "--perf-users=5", "--perf-warmup=0")


def own_project(new_project: NewProject, item: str) -> Path:
    project = new_project(test_own=TEST)
    (project / "items.py").write_text(Path(declared.__file__).read_text())
    (project / "load.py").write_text(LOAD.format(item=item))
    return project


@pytest.mark.parametrize("item", ["Invoice", "Device", "Reading", "Blob"])
def test_items_of_any_keys_are_seeded_written_and_found(
    new_project: NewProject, run_pytest: RunPytest, item: str
) -> None:
    project = own_project(new_project, item)

    result = run_pytest(project, *SHORT, "-o", f"perf_item=items.py:{item}", "--perf-json=out.json")

    assert result.ret == 0
    (run,) = json.loads((project / "out.json").read_text())["runs"]
    audit = run["write_audit"]
    assert audit["acknowledged"] == audit["found"] > 0


def test_users_of_another_item_send_nothing(new_project: NewProject, run_pytest: RunPytest) -> None:
    project = own_project(new_project, "Invoice")

    result = run_pytest(project, *SHORT, "-o", "perf_item=items.py:Device")

    shown = " ".join(" ".join(result.outlines).split())
    assert "the item of Write is items:Invoice, that of the table items:Device" in shown
    assert result.ret == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Invoice", "write FILE.py:CLASS or MODULE:CLASS, as in invoices.py:Invoice"),
        ("nowhere.py:Invoice", "write FILE.py:CLASS or MODULE:CLASS"),
        (
            "nowhere:Invoice",
            "it cannot be imported: ModuleNotFoundError",
        ),
        ("items.py:Nothing", "items.py has no class 'Nothing' that extends aqp_perf.items.Item"),
        ("bad.py:Bad", "item Bad: write {id} in one key of pk: audits find items by it"),
    ],
)
def test_an_item_that_is_none_is_refused_before_anything_is_created(
    new_project: NewProject, run_pytest: RunPytest, text: str, message: str
) -> None:
    project = own_project(new_project, "Invoice")
    (project / "bad.py").write_text(
        "from aqp_perf.items import Item, key, partition\n\n\n"
        "class Bad(Item):\n    n = partition(3)\n    pk = key('{n}')\n"
    )

    result = run_pytest(project, *SHORT, "-o", f"perf_item={text}")

    assert result.ret == 4
    assert message in "\n".join(result.outlines)


TWO = """
import pytest
from items import Device, Invoice

@pytest.mark.perf(item=Invoice)
def test_invoices(perf_load):
    perf_load("Write", locustfile="load.py")

@pytest.mark.perf(item="items.py:Device", thresholds=["failure_ratio <= 0"])
def test_devices(perf_load):
    perf_load("WriteDevice", locustfile="load_device.py")

def test_orders(perf_load):
    perf_load("PartiqlWriteUser")
"""


def test_each_item_of_a_session_has_a_table_of_its_own(
    new_project: NewProject, run_pytest: RunPytest, tables: Callable[[], set[str]]
) -> None:
    project = new_project(test_two=TWO)
    (project / "items.py").write_text(Path(declared.__file__).read_text())
    (project / "load.py").write_text(LOAD.format(item="Invoice"))
    device = LOAD.format(item="Device").replace("class Write", "class WriteDevice")
    (project / "load_device.py").write_text(device)

    result = run_pytest(project, *SHORT, "--perf-json=out.json", "--perf-threshold=median < 1 s")

    result.assert_outcomes(passed=3)
    runs = json.loads((project / "out.json").read_text())["runs"]
    assert all(run["write_audit"]["found"] for run in runs)
    assert not any(run["write_audit"]["lost"] for run in runs)
    names = [run["command"][run["command"].index("--perf-table") + 1] for run in runs]
    assert len(set(names)) == 3
    assert not tables()


def test_counts_of_a_marked_item_can_be_changed(
    new_project: NewProject, run_pytest: RunPytest
) -> None:
    project = own_project(new_project, "Invoice")
    (project / "test_own.py").write_text(TEST.replace("perf(", 'perf(item="items.py:Invoice", '))

    right = run_pytest(project, *SHORT, "--perf-data=tenants=5,partitions=2")
    wrong = run_pytest(project, *SHORT, "--perf-data=tenant=5")

    right.assert_outcomes(passed=1)
    assert wrong.ret == 4
    assert "tenant: KEY is one of tenants, partitions" in "\n".join(wrong.outlines)


AQP = """
import time
from aqp_perf.users import AqpUser
from items import Reading


class AskAqp(AqpUser):
    item = Reading

    def send(self, index, due_ns):
        place = self.workload.dataset(Reading).read_item(self.stream, index)["place"]["N"]
        sql = f"select place, sum(value) as total from {self.workload.settings.table} "
        sql += f"where place={place} group by place"
        self.query("sum", sql, {"place", "total"}, due_ns=due_ns)
"""
AQP_TEST = """
import pytest

@pytest.mark.perf(item="items.py:Reading", thresholds=["failure_ratio <= 0"])
def test_ask(perf_load, perf_aqp):
    perf_load("AskAqp", locustfile="load.py")
"""


def test_an_aqp_answers_over_a_table_of_ones_own(
    new_project: NewProject, run_pytest: RunPytest
) -> None:
    project = new_project(test_aqp=AQP_TEST)
    (project / "items.py").write_text(Path(declared.__file__).read_text())
    (project / "load.py").write_text(AQP)

    result = run_pytest(project, *SHORT, "--perf-json=out.json")

    result.assert_outcomes(passed=1)
    (run,) = json.loads((project / "out.json").read_text())["runs"]
    assert list(run["operations"]) == ["sum"]
