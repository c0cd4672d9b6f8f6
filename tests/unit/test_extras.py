import re
import subprocess
import sys
from importlib.metadata import metadata, packages_distributions, requires
from pathlib import Path

import pytest

from aqp_perf.errors import ExtraMissing
from aqp_perf.extras import MODULES, Extra, is_installed, require

PROJECT = "aqp-perf"


def brought_by(extra: Extra) -> set[str]:
    """Return the distributions that an extra brings."""
    marked = (text for text in requires(PROJECT) or () if re.search(rf"extra == .{extra}\W", text))
    return {match[0].lower() for text in marked if (match := re.match(r"[\w-]+", text))}


def block(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let modules be as if they were not installed."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_the_package_has_exactly_these_extras() -> None:
    assert set(metadata(PROJECT).get_all("Provides-Extra") or ()) == set(Extra)


@pytest.mark.parametrize("extra", Extra)
def test_an_extra_brings_every_module_that_is_looked_for(extra: Extra) -> None:
    distributions = packages_distributions()
    for module in MODULES[extra]:
        assert brought_by(extra) & {name.lower() for name in distributions[module]}, module


@pytest.mark.parametrize("extra", Extra)
def test_with_all_its_modules_an_extra_is_installed(extra: Extra) -> None:
    assert is_installed(extra)
    require(extra, "anything")


def test_what_is_missing_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block(monkeypatch, "moto", "lark")

    assert not is_installed(Extra.EMBEDDED)
    with pytest.raises(ExtraMissing) as raised:
        require(Extra.EMBEDDED, "--perf-target=moto")
    assert str(raised.value) == (
        "--perf-target=moto needs packages that are not installed (moto, lark): "
        "pip install 'aqp-perf[embedded]'"
    )


def test_looking_for_an_extra_imports_nothing_of_it() -> None:
    program = (
        "import sys; from aqp_perf import extras;"
        "[extras.is_installed(extra) for extra in extras.Extra];"
        "print(sorted({m for ms in extras.MODULES.values() for m in ms} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


@pytest.mark.parametrize(
    ("module", "extra", "blocked"),
    [
        ("aqp_perf.aqp", Extra.EMBEDDED, "sqlglot"),
        ("aqp_perf.targets.moto", Extra.EMBEDDED, "moto"),
        ("aqp_perf.targets.sweep", Extra.AWS, "boto3"),
    ],
)
def test_a_command_says_what_to_install(
    tmp_path: Path, module: str, extra: Extra, blocked: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{blocked!r}] = None\n")
    done = subprocess.run(
        [sys.executable, "-m", module],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"python -m {module} needs packages that are not installed ({blocked}): "
        f"pip install 'aqp-perf[{extra}]'\n"
    )
