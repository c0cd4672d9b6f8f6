"""A run starts the classes that it is given, and knows whether they are ours."""

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE
from aqp_perf.plugin.runs.user_classes import shipped_classes, weighted


def test_a_single_class_has_all_the_weight() -> None:
    assert weighted("PartiqlWriteUser") == {"PartiqlWriteUser": 1}
    assert weighted({"A": 3, "B": 1}) == {"A": 3, "B": 1}
    assert weighted(None) == {}


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ("--web-port", "perf_load: '--web-port' is not valid: give the name of a locust user"),
        ({"A": 0}, "perf_load: weight of A: 0 is not valid: a weight is a whole number"),
        ({"A": True}, "perf_load: weight of A: True is not valid: a weight is a whole number"),
    ],
)
def test_what_is_no_class_or_weight_is_refused(users: str | dict[str, int], message: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        weighted(users)
    assert str(caught.value).startswith(message)


def test_classes_of_another_locustfile_are_not_ours() -> None:
    assert shipped_classes("A", None) == shipped_classes("A", LOCUSTFILE) == {"A": 1}
    assert shipped_classes("A", "locustfile.py") is None
