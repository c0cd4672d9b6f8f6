"""The locust command of a run, from its settings and site."""

from collections.abc import Mapping
from pathlib import Path

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.loadgen.command.dataset_text import data_text
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE, RunSpec
from aqp_perf.loadgen.command.workload_arguments import NO_ENDPOINT
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.runs.user_classes import weighted
from aqp_perf.plugin.settings.load_settings import LoadSettings


def spec_of(  # noqa: PLR0913 - named, and each another thing
    users: str | Mapping[str, int] | None,
    locustfile: str | Path | None,
    *,
    load: LoadSettings,
    site: Site,
    dataset: Dataset,
    run_id: str,
    progress_s: float | None,
) -> RunSpec:
    """Return the specification of a run.

    Args:
        users: name of a user class, or names with weights; None: all of the file.
        locustfile: another file than the one that ships.
        load: its settings.
        site: where it goes.
        dataset: what the shipped workloads read and write.
        run_id: marks every order that it writes.
        progress_s: how often it reports its progress; None: never.

    Raises:
        InvalidOption: ``users`` has a name or a weight that is not valid.
    """
    return RunSpec(
        locustfile=LOCUSTFILE if locustfile is None else Path(locustfile),
        user_classes=weighted(users),
        users=load.users,
        spawn_rate=load.spawn_rate,
        run_time_s=load.run_time_s,
        stop_timeout_s=load.stop_timeout_s,
        warmup_s=load.warmup_s,
        pacing=load.pacing,
        host=site.aqp_url,
        workload=_workload(load, site, dataset, run_id),
        abort_rules=[threshold for threshold in load.thresholds if threshold.aborts],
        processes=load.processes,
        expect_workers=load.expect_workers,
        master_bind=load.master_bind,
        progress_s=progress_s,
    )


def _workload(load: LoadSettings, site: Site, dataset: Dataset, run_id: str) -> dict[str, str]:
    arguments = {
        "data-seed": str(dataset.seed),
        "data": data_text(dataset),
        "client": str(load.client),
        "verify": "off" if site.unverifiable else str(load.verify),
        "run-id": run_id,
    }
    if site.table is not None:
        arguments["table"] = site.table.name
    if site.target is None:
        arguments["endpoint-url"] = NO_ENDPOINT
    else:
        arguments["region"] = site.target.region
        if site.target.endpoint_url is not None:
            arguments["endpoint-url"] = site.target.endpoint_url
    return arguments
