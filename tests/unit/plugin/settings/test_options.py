"""The table of options says what it cannot import: every session reads it."""

import pytest

from aqp_perf.core.results.run_fingerprint import PARTS
from aqp_perf.loadgen.command.argument_values import data_values
from aqp_perf.loadgen.command.run_spec import DEFAULT_MASTER_BIND
from aqp_perf.plugin.settings.option import Kind, Option
from aqp_perf.plugin.settings.option_values import MissingBaseline, ProgressKind
from aqp_perf.plugin.settings.options import OPTIONS, PROFILE
from aqp_perf.plugin.settings.profiles import DEFAULT_PROFILE, SHIPPED
from aqp_perf.plugin.settings.removed import REMOVED
from aqp_perf.workloads.order import Order
from tests.doubles.orders import orders

BY_NAME = {option.name: option for option in OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_has_a_parser_that_takes_its_default(option: Option) -> None:
    assert callable(option.parse)
    if option.default is not None:
        option.parse(option.default)
    if option.kind is Kind.LIST:
        assert option.combine((), ()) == ()


def test_texts_are_those_of_the_code() -> None:
    assert PROFILE.form == "|".join((*SHIPPED, "NAME"))
    assert PROFILE.default == DEFAULT_PROFILE
    assert all(size in BY_NAME["data"].meaning for size in Order.declaration.sizes)
    values = data_values(orders()).items()
    assert BY_NAME["data"].otherwise == ", ".join(f"{key}={value}" for key, value in values)
    assert BY_NAME["compare_allow"].meaning.endswith(" " + ",".join(PARTS))
    assert BY_NAME["master_bind"].default == DEFAULT_MASTER_BIND
    assert BY_NAME["progress"].form == "|".join(ProgressKind)
    assert BY_NAME["compare_missing"].form == "|".join(MissingBaseline)
    assert REMOVED.keys() >= Order.declaration.sizes.keys()
