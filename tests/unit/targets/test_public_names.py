import subprocess
import sys

import pytest

from aqp_perf import targets

NAMES = [
    "Billing",
    "Table",
    "TableReader",
    "Target",
    "TargetKind",
    "TargetSpec",
    "check_profile",
    "existing_table",
    "open_table",
    "open_target",
    "parse_billing",
    "parse_target",
    "table_capacity",
    "table_name",
]


def test_these_are_the_public_names() -> None:
    assert targets.__all__ == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_there_when_asked_for(name: str) -> None:
    assert getattr(targets, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'aqp_perf\.targets' has no attribute 'boto3'"):
        targets.__getattr__("boto3")


def test_reading_a_target_s_name_imports_neither_boto3_nor_moto() -> None:
    program = (
        "import sys; from aqp_perf import targets; targets.parse_target('moto');"
        "print([m for m in ('boto3', 'botocore', 'moto') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
