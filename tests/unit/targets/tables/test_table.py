import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.errors import InvalidOption
from aqp_perf.plugin.session.xdist_workers import random_name
from aqp_perf.targets.tables.table import table_name


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,246}", fullmatch=True).filter(str.isascii))
def test_a_run_names_its_table(run_id: str) -> None:
    assert table_name(run_id) == f"aqp_perf_{run_id}"


@pytest.mark.parametrize("run_id", ["a b", "a/b", "ä", "a\n", "x" * 247])
def test_a_run_id_that_dynamodb_does_not_take_is_refused(run_id: str) -> None:
    with pytest.raises(InvalidOption, match="a table name is 3 to 255 letters"):
        table_name(run_id)


def test_a_random_name_is_left_alone_by_the_real_aqp() -> None:
    names = [table_name(random_name()) for _ in range(500)]

    assert len(set(names)) == len(names)
    assert not any("_1" in name or "json" in name for name in names)
