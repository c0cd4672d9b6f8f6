import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.errors import InvalidOption
from aqp_perf.targets.tables.billing import Billing, parse_billing

units = st.integers(1, 10**9)
billings = st.just(Billing()) | st.builds(
    Billing, is_provisioned=st.booleans(), read_units=units, write_units=units
)


@given(billings)
def test_the_text_of_a_billing_means_the_billing(billing: Billing) -> None:
    assert parse_billing(str(billing)) == billing


def test_provisioned_names_reads_before_writes() -> None:
    assert parse_billing("provisioned:100,50") == Billing(
        is_provisioned=True, read_units=100, write_units=50
    )


def test_on_demand_has_a_ceiling_of_reads_and_writes() -> None:
    assert parse_billing("on-demand:100,50") == Billing(read_units=100, write_units=50)
    assert parse_billing("on-demand") == Billing(read_units=40_000, write_units=40_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "on demand",
        "on-demand:",
        "on-demand:1",
        "on-demand:0,1",
        "on-demand:1,0",
        "provisioned",
        "provisioned:1",
        "provisioned:0,1",
        "provisioned:1,0",
        "provisioned:-1,1",
        "provisioned:1, 1",
        "provisioned:1.5,1",
        "provisioned:\u0661,1",
    ],
)
def test_any_other_text_is_refused_with_the_right_forms(text: str) -> None:
    with pytest.raises(
        InvalidOption, match=r"'on-demand:RCU,WCU' or 'provisioned:RCU,WCU'"
    ) as caught:
        parse_billing(text)
    assert (caught.value.option, caught.value.value) == ("--perf-billing", text)
