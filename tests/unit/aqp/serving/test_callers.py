"""Which credentials are admitted."""

import base64

import pytest

from aqp_perf.aqp.serving.web import Callers
from aqp_perf.errors import InvalidOption


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("user", ["small-query-app", "large-query-app"])
def test_the_example_pair_holds_when_nothing_is_set(user: str) -> None:
    callers = Callers.from_environment({})

    assert callers.admit(_basic(user, "secretEXAMPLE"))
    assert not callers.admit(_basic("other", "secretEXAMPLE"))


def test_what_is_set_replaces_the_example() -> None:
    callers = Callers.from_environment(
        {"PERF_AQP_USER": "us\u00e9r", "PERF_AQP_PASSWORD": "p\u00e4ss:w\u00f6rd"}
    )

    assert callers.admit(_basic("us\u00e9r", "p\u00e4ss:w\u00f6rd"))
    assert not callers.admit(_basic("us\u00e9r", "secretEXAMPLE"))
    assert not callers.admit(_basic("small-query-app", "p\u00e4ss:w\u00f6rd"))


@pytest.mark.parametrize("name", ["PERF_AQP_USER", "PERF_AQP_PASSWORD"])
def test_an_empty_setting_is_a_mistake_not_the_example(name: str) -> None:
    with pytest.raises(InvalidOption, match=name):
        Callers.from_environment({name: ""})


def test_the_password_does_not_show_in_repr() -> None:
    assert "hidden" not in repr(Callers(users=("u",), password="hidden"))
