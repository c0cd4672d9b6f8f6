# statements put together from parts are what is tested here
from typing import Any

import pytest

from aqp_perf.targets.moto.execution.update import updated
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s
from aqp_perf.targets.moto.syntax.parser import parse_statement


def numbers(*values: str) -> dict[str, Any]:
    return {"L": [{"N": value} for value in values]}


def after(changes: str, **sent: dict[str, Any]) -> dict[str, Any]:
    """Return what the changes make of an item, which must stay as it is."""
    statement = parse_statement(f"UPDATE t {changes}")
    assert isinstance(statement, s.Update)
    before = {name: DynamoType(value) for name, value in sent.items()}
    found = updated(before, statement.changes, [])
    assert before == {name: DynamoType(value) for name, value in sent.items()}
    return found


@pytest.mark.parametrize(
    ("changes", "elements"),
    [
        ("SET l[9] = 5 SET l[8] = 4", ("1", "2", "3", "4", "5")),
        ("REMOVE l[0] SET l[2] = 9", ("2", "9")),
        ("SET l[7] = 9 REMOVE l[1]", ("1", "3", "9")),
        ("REMOVE l[2] REMOVE l[0]", ("2",)),
    ],
)
def test_positions_are_those_before_the_statement(changes: str, elements: tuple[str, ...]) -> None:
    assert after(changes, l=numbers("1", "2", "3")) == {"l": DynamoType(numbers(*elements))}


def test_a_change_below_an_element_follows_it() -> None:
    maps = {"L": [{"M": {"x": {"N": "1"}}}, {"M": {"x": {"N": "2"}}}]}

    found = after("REMOVE l[0] SET l[1].x = l[0].x", l=maps)

    assert found == {"l": DynamoType({"L": [{"M": {"x": {"N": "1"}}}]})}


def test_sums_are_exact_to_38_digits() -> None:
    most = "9" * 38
    assert after("SET n = n - 1", n={"N": most})["n"].value == most[:-1] + "8"
    assert after("SET n = n + 0.1", n={"N": "0.2"})["n"].value == "0.3"

    with pytest.raises(RequestRefused, match="DynamoDB only supports precision up to 38 digits"):
        after("SET n = n + 0.1", n={"N": most})


def test_a_set_of_numbers_knows_equal_ones() -> None:
    assert after("SET n = set_add(n, <<1.0, 2>>)", n={"NS": ["1"]})["n"].value == ["1", "2"]
    assert after("SET n = set_delete(n, <<1.0>>)", n={"NS": ["1", "2"]})["n"].value == ["2"]
