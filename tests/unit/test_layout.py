"""The folders of the package stay small, and tests are where their module is."""

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "aqp_perf"
UNIT = ROOT / "tests" / "unit"
MOST_MODULES = 12
SUBPACKAGES = ("core", "loadgen", "targets", "plugin", "aqp", "reports")
WITHOUT_MODULE = {
    # of a part of a module
    "plugin/settings/test_toml_values.py",
    "plugin/runs/test_admission.py",
    "plugin/session/test_gone_terminals.py",
    "reports/text/test_comparison_block.py",
    "reports/text/test_proof_lines.py",
    # of several modules
    "aqp/sql/test_hostile_queries.py",
    "targets/access/test_refused.py",
    "targets/test_public_names.py",
    # of files that are no modules
    "reports/html/test_vendor.py",
    "deploy/test_aws_policies.py",
    "test_ci.py",
    "test_layout.py",
    "test_troubleshooting.py",
    "test_option_tables.py",
    "test_readme.py",
    "test_sdist.py",
    # of the tests' own doubles
    "doubles/test_fault_plan.py",
}


def modules_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if path.name != "__init__.py"]


def test_no_folder_has_many_modules() -> None:
    counts = Counter(path.parent for path in modules_in(PACKAGE))
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize("package", SUBPACKAGES)
def test_file_names_are_unique_in_a_package(package: str) -> None:
    counts = Counter(path.name for path in modules_in(PACKAGE / package))
    del counts["__main__.py"]
    assert [name for name, count in counts.items() if count > 1] == []


def test_unit_tests_mirror_the_package() -> None:
    modules = {
        str(path.relative_to(PACKAGE).with_stem(f"test_{path.stem.strip('_')}"))
        for path in modules_in(PACKAGE)
    }
    tests = {str(path.relative_to(UNIT)) for path in UNIT.rglob("test_*.py")}
    assert tests - modules <= WITHOUT_MODULE
