"""The command that shows a declared item without any load."""

import json

import pytest

from aqp_perf.core.data.dataset import DataSettings
from aqp_perf.show_items import main
from tests.doubles.declared import Device, Invoice


def shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    monkeypatch.setattr("sys.argv", ["show_items", *arguments])
    assert main() == 0
    return capsys.readouterr().out


def test_items_are_shown_as_they_are_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(monkeypatch, capsys, "tests.doubles.declared:Invoice", "--seed=7")
    dataset = DataSettings(seed=7).of(Invoice)

    assert text.startswith("Invoice: keys pk (S), sk (S)\nlargest item: ")
    assert "seeded partitions: 20, items: 1,000; partitions for writes: 1980\n" in text
    found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert found[:5] == [dataset.seed_item(index) for index in range(5)]
    assert len(found) == 10
    assert "INSERT INTO \"TABLE\" VALUE {'pk': ?, 'sk': ?, 'status': ?" in text


def test_sizes_are_as_chosen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ("tests.doubles.declared:Device", "--data=partitions=2,items_per_partition=1")
    text = shown(monkeypatch, capsys, *own)

    assert "seeded partitions: 2, items: 2; partitions for writes: one for each item\n" in text
    assert str(DataSettings().of(Device).largest_item_bytes) in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.py:Invoice"], "write FILE.py:CLASS or MODULE:CLASS"),
        (["tests.doubles.declared:Invoice", "--data=tenant=5"], "did you mean 'tenants'?"),
    ],
    ids=["item", "data"],
)
def test_what_cannot_be_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit, match="2"):
        shown(monkeypatch, capsys, *arguments)
    assert message in capsys.readouterr().err
