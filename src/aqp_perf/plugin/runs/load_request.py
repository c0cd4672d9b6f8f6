"""A load run as a test requests it, and the locust command that follows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from aqp_perf.core.data.dataset import Dataset, DataSettings
from aqp_perf.core.data.declared_item import item_name
from aqp_perf.core.load.planned_load import USER_WORK
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.argument_values import data_text, data_values
from aqp_perf.loadgen.command.locustfiles import locustfiles_in, parse_locustfiles
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE, RunSpec
from aqp_perf.loadgen.command.workload_arguments import NO_ENDPOINT
from aqp_perf.plugin.results.baselines import environment_fingerprint
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.workloads.order import Order

AQP_USERS: Final = frozenset({"AqpZipcodeUser", "AqpStatusUser"})
"""Shipped user classes that need an AQP."""
_NOT_COMPARED_BY: Final = frozenset({"name", "stop_timeout_s", "audit", "proof", "host"})
"""Settings of a load that do not change what is measured; a baseline is of a service, wherever it
is deployed."""

_DEFAULT_DATA: Final = DataSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """Which users put how much load on the target.

    Args:
        user_classes: name → weight; empty: every class in the locustfile.
        locustfiles: the files, or folders of files, with the user classes.
        load: how much, how it is measured and judged.
        dataset: what its table holds, and its users write and read.
    """

    user_classes: Mapping[str, int]
    locustfiles: tuple[Path, ...]
    load: LoadSettings
    dataset: Dataset

    @classmethod
    def of(
        cls,
        users: object,
        locustfile: object,
        load: LoadSettings,
        data: DataSettings = _DEFAULT_DATA,
    ) -> Self:
        """Return what the arguments of ``perf_load`` request.

        Args:
            users: name of a class, names with weights, or None.
            locustfile: a file, a folder, several, or None for the one that ships.
            load: how much, and what its table holds if the file does not ship.
            data: the session's choice of sizes.

        Raises:
            InvalidOption: a name, a weight or a locustfile is not valid.
        """
        classes = {users: 1} if isinstance(users, str) else {} if users is None else users
        if not isinstance(classes, Mapping) or (users is not None and not classes):
            hint = "give a user class, several with weights as in {'ShopUser': 3}, or none for all"
            raise InvalidOption("perf_load", users, hint)
        for name, weight in classes.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise InvalidOption("perf_load", name, "give the name of a locust user class")
            if type(weight) is not int or weight < 1:
                hint = "a weight is a whole number, at least 1"
                raise InvalidOption(f"perf_load: weight of {name}", weight, hint)
        files = (LOCUSTFILE,) if locustfile is None else parse_locustfiles(locustfile)
        item = Order if locustfile is None or load.item is None else load.item
        return cls(user_classes=classes, locustfiles=files, load=load, dataset=data.of(item))

    @property
    def shipped_classes(self) -> Mapping[str, int] | None:
        """The user classes, if they are the shipped ones; None: those of other locustfiles."""
        are_shipped = [path.resolve() for path in self.locustfiles] == [LOCUSTFILE.resolve()]
        return self.user_classes if are_shipped else None

    @property
    def needs_table(self) -> bool:
        """Whether its users are known to need a seeded table."""
        return self.shipped_classes is not None or self.load.item is not None

    @property
    def needs_aqp(self) -> bool:
        """Whether its users are known to need an AQP."""
        names = self.shipped_classes
        return names is not None and (not names or not AQP_USERS.isdisjoint(names))

    def doubts(self, root: Path, patterns: Sequence[str]) -> Iterator[str]:
        """Yield warnings of locustfiles that pytest imports, too.

        Args:
            root: pytest's.
            patterns: pytest's ``python_files``.

        Raises:
            InvalidOption: a locustfile is missing, or cannot be one.
        """
        if self.shipped_classes is not None:
            return
        for path in map(Path.absolute, locustfiles_in(self.locustfiles)):
            if not path.is_relative_to(root) or not any(map(path.match, patterns)):
                continue
            better = f"locustfile_{path.stem.removeprefix('test_').removesuffix('_test')}.py"
            is_test = any(map(path.with_name(better).match, patterns))
            advice = "keep it apart from the tests" if is_test else f"call it {better}"
            yield (
                f"{path.relative_to(root)}: pytest imports it as a test file, too, and with it "
                f"Locust, which patches sockets and threads of pytest's own process: {advice}"
            )

    def fingerprint(self, site: Site) -> RunFingerprint:
        """Return what the run will be measured with."""
        weights = (f"{name} {weight}" for name, weight in self.user_classes.items())
        profile = {
            "locustfile": ", ".join(path.name for path in self.locustfiles),
            "user classes": ", ".join(weights) or "all",
            **{
                key: f"{value:g}" if isinstance(value, float) else str(value)
                for key, value in self.load.to_json().items()
                if key not in _NOT_COMPARED_BY
            },
        }
        if "arguments" in profile:
            profile["arguments"] = site.without_names(profile["arguments"])
        data = {}
        if site.table is None:
            profile["verify"] = "off"  # answers have nothing to be compared with
        else:
            values = {"seed": self.dataset.seed, **data_values(self.dataset)}
            data = {key: str(value) for key, value in values.items()}
            if self.dataset.item is not Order:
                data["item"] = item_name(self.dataset.item)
        return replace(environment_fingerprint(), target=site.kinds, profile=profile, data=data)

    def spec(self, site: Site, *, run_id: str, progress_s: float | None) -> RunSpec:
        """Return the locust command.

        Args:
            site: where the load goes.
            run_id: marks every order that is written.
            progress_s: how often the run reports its progress; None: never.
        """
        load = self.load
        return RunSpec(
            locustfile=self.locustfiles,
            user_classes=self.user_classes,
            users=load.users,
            spawn_rate=load.spawn_rate,
            run_time_s=load.run_time_s,
            stop_timeout_s=load.stop_timeout_s,
            warmup_s=load.warmup_s,
            pacing=load.pacing,
            host=load.host if site.aqp is None else site.aqp.url,
            tags=load.tags,
            arguments=load.arguments,
            workload=_workload(load, site, self.dataset, run_id),
            abort_rules=[threshold for threshold in load.thresholds if threshold.aborts],
            processes=load.processes,
            expect_workers=load.expect_workers,
            master_bind=load.master_bind,
            progress_s=progress_s,
            server_processes=site.server_processes,
            ends_itself=load.ends_itself,
        )


def shipped_requests(load: LoadSettings, data: DataSettings) -> list[LoadRequest]:
    """Return a request for each shipped user class: a test that has not run may make any."""
    return [LoadRequest.of(name, None, load, data) for name in USER_WORK]


def _workload(load: LoadSettings, site: Site, dataset: Dataset, run_id: str) -> dict[str, str]:
    arguments = {
        "data-seed": str(dataset.seed),
        "data": data_text(dataset),
        **load.workload_arguments(),
        "run-id": run_id,
    }
    if site.unverifiable:
        arguments["verify"] = "off"
    if site.table is not None:
        arguments["table"] = site.table.name
        arguments["item"] = item_name(dataset.item)
    if site.target is None:
        arguments["endpoint-url"] = NO_ENDPOINT
    else:
        arguments["region"] = site.target.region
        if site.target.endpoint_url is not None:
            arguments["endpoint-url"] = site.target.endpoint_url
    return arguments
