"""Children run this package, whatever folder the session is in."""

import os
import subprocess
from pathlib import Path

import pytest

from aqp_perf.children import module_command, with_this_package
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE

INSTRUMENT = LOCUSTFILE.parents[1] / "loadgen" / "instrument.py"


@pytest.mark.parametrize(
    ("module", "arguments", "shown"),
    [
        ("aqp_perf.aqp", ["--help"], "--endpoint-url"),
        ("aqp_perf.targets.moto", ["--help"], "--port"),
        ("aqp_perf.loadgen", ["-f", f"{INSTRUMENT},{LOCUSTFILE}", "--list"], "PartiqlWriteUser"),
    ],
)
def test_a_folder_that_has_our_name_is_not_us(
    module: str, arguments: list[str], shown: str, tmp_path: Path
) -> None:
    (tmp_path / "aqp_perf").mkdir()
    (tmp_path / "aqp_perf" / "__init__.py").write_text("raise SystemExit('another package')")

    done = subprocess.run(
        [*module_command(module), *arguments],
        check=False,
        cwd=tmp_path,
        env=with_this_package(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )

    assert shown in done.stdout
    assert done.returncode == 0
