"""The chart library is the one that its page describes."""

import hashlib
import re
from importlib.metadata import metadata
from pathlib import Path

import pytest

import aqp_perf.reports.html

VENDOR = Path(aqp_perf.reports.html.__file__).parent / "vendor"
README = (VENDOR / "README.md").read_text(encoding="utf-8")
LIBRARY = (VENDOR / "echarts.min.js").read_bytes()


def test_library_has_the_size_and_the_sum_that_are_written_down() -> None:
    assert re.search(rf"\| bytes \| {len(LIBRARY)} \|", README)
    assert hashlib.sha256(LIBRARY).hexdigest() in README


@pytest.mark.parametrize("package", ["echarts", "zrender"])
def test_version_is_the_one_that_the_library_says(package: str) -> None:
    found = re.search(rf"made of \| .*{package} ([\d.]+)", README)

    assert found is not None
    assert f"{package} {found[1]}".encode() in LIBRARY[:200].lower()


@pytest.mark.parametrize("licence", ["Apache License", "BSD 3-Clause", "Mike Bostock"])
def test_licences_are_beside_it(licence: str) -> None:
    assert licence in (VENDOR / "LICENSE.txt").read_text(encoding="utf-8")


def test_the_package_names_its_licences() -> None:
    package = metadata("aqp-perf")
    files = package.get_all("License-File") or ()

    assert any(VENDOR.joinpath("LICENSE.txt").match(file) for file in files)
    assert {"MIT-0", "Apache-2.0", "BSD-3-Clause", "0BSD"} == set(
        package["License-Expression"].split(" AND ")
    )


def test_library_asks_for_nothing_that_the_policy_of_the_page_forbids() -> None:
    assert b"eval(" not in LIBRARY
    assert b"new Function" not in LIBRARY
    assert b"</script" not in LIBRARY
