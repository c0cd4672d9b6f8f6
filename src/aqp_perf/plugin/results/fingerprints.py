"""The fingerprint of a run before it starts: what it is going to be measured with."""

import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Final

from aqp_perf.core.data.dataset import DATASET_SIZES, Dataset
from aqp_perf.core.results.run_fingerprint import RunFingerprint, minor
from aqp_perf.plugin.settings.load_settings import LoadSettings

_NOT_COMPARED_BY: Final = frozenset({"name", "stop_timeout_s", "audit"})
"""Settings of a load that do not change what is measured."""


def fingerprint_of(
    load: LoadSettings,
    workload: Mapping[str, str],
    *,
    target: Mapping[str, str],
    dataset: Dataset | None,
) -> RunFingerprint:
    """Return what a run will be measured with.

    Args:
        load: its settings.
        workload: locustfile and user classes.
        target: kinds of the target and the AQP.
        dataset: what is read and written; None: no data of ours.
    """
    profile = {
        key: _shown(value) for key, value in load.to_json().items() if key not in _NOT_COMPARED_BY
    }
    data = {}
    if dataset is None:
        profile["verify"] = "off"  # answers have nothing to be compared with
    else:
        keys = ("seed", "key_choice", *DATASET_SIZES)
        data = {key: str(getattr(dataset, key)) for key in keys}
    return replace(
        environment_fingerprint(), target=target, profile={**workload, **profile}, data=data
    )


def environment_fingerprint() -> RunFingerprint:
    """Return the parts that are the same for all runs of a session."""
    python = minor(platform.python_version())
    return RunFingerprint(
        versions={
            "python": python,
            **{name: minor(version(name)) for name in ("locust", "botocore")},
        },
        machine={
            "cores": str(len(os.sched_getaffinity(0))),
            "architecture": platform.machine(),
        },
    )


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
