"""What a run is going to be measured with."""

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
"""What of a load does not change what is measured."""


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
        target: kinds of what the load goes to.
        dataset: what is read and written; None: nothing of ours.
    """
    profile = {
        key: _shown(each) for key, each in load.to_json().items() if key not in _NOT_COMPARED_BY
    }
    data = {}
    if dataset is None:
        profile["verify"] = "off"  # there is nothing that answers could be held against
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
            **{each: minor(version(each)) for each in ("locust", "botocore")},
        },
        machine={
            "cores": str(len(os.sched_getaffinity(0))),
            "architecture": platform.machine(),
        },
    )


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
