import re

from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.targets.tables.tags import has_our_tag, tag_value

ALLOWED = re.compile(r"[\w\s+\-=.:/@]{0,256}")


@given(st.text(max_size=300))
def test_any_text_becomes_a_value_that_aws_takes(text: str) -> None:
    assert ALLOWED.fullmatch(tag_value(text))


def test_an_arn_stays_as_it_is() -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/load+test=1/me@example.com"
    assert tag_value(arn) == arn
    assert tag_value("role/a,b") == "role/a_b"


def test_a_tag_is_ours_by_its_prefix() -> None:
    assert has_our_tag(["Name", "aqp-perf:run"])
    assert not has_our_tag(["Name", "aqp-perf"])
