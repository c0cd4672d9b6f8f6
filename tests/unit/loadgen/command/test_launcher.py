"""The launcher checks a load run before it starts."""

import sys
from pathlib import Path

import pytest

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec


def test_missing_locustfile_is_an_invalid_option(tmp_path: Path) -> None:
    spec = RunSpec(
        locustfile=tmp_path / "none.py",
        users=1,
        spawn_rate=1,
        run_time_s=1,
        stop_timeout_s=1,
        warmup_s=0,
        pacing=ClosedModel.THINK,
    )
    with pytest.raises(InvalidOption, match=r"locustfile: .*none\.py.* there is no such file"):
        LoadRun(spec, environment={})


def test_launcher_imports_neither_locust_nor_gevent() -> None:
    assert not {"locust", "gevent"} & sys.modules.keys()
