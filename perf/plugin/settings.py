"""What a session and each of its load runs use: options from all layers, checked and typed.

Precedence: command line > profile chosen there > marker > ini > default. The ``smoke`` profile is
the default. A profile that a marker or the ini file names stands on that layer, below the values
that the same layer gives itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from perf.core.dataset import DATASET_SIZES, Dataset
from perf.core.durations import format_duration
from perf.core.pacing import OpenModel, Pacing
from perf.core.prices import Prices
from perf.core.thresholds import Threshold, override
from perf.core.verification import Verification
from perf.errors import InvalidLoadProfile, InvalidOption
from perf.file_store import Place
from perf.loadgen.arguments import ClientKind
from perf.plugin.baseline_files import BaselineSettings
from perf.plugin.layers import (
    KEEP_TABLE,
    Layer,
    arguments_layer,
    command_line_layer,
    ini_layer,
    profile_layer,
    thresholds_of,
    values_of,
)
from perf.plugin.options import PROFILE_FLAG, Scope
from perf.plugin.profiles import DEFAULT_PROFILE, read_prices, read_profiles
from perf.plugin.progress import ProgressKind
from perf.targets import Billing, TargetKind, TargetSpec, parse_target


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What holds for the whole session; ``aqp`` is a URL, ``embedded`` or ``none``."""

    target: TargetSpec
    names_target: bool
    """Whether anybody chose the target; else a run that does not need it has none."""
    aqp: str
    table: str | None
    keep_table: bool
    billing: Billing
    max_cost_usd: Decimal
    prices: Prices | None
    """Of the user's own setting; None: those that ship."""
    dataset: Dataset
    json_path: Path | None
    html_path: Path | None
    markdown_path: Path | None
    progress: ProgressKind
    baselines: BaselineSettings
    history: Place | None
    run_id: str
    """Is part of the name and a tag of every table of the session, and of every order id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """What holds for one load run."""

    profile: str
    users: int
    spawn_rate: float
    run_time_s: float
    stop_timeout_s: float
    warmup_s: float
    pacing: Pacing
    processes: int
    expect_workers: int
    master_bind: str
    client: ClientKind
    max_attempts: int
    abort_after: int
    verification: Verification
    audited_items: int
    """Up to how many items a table is read as a whole after writes; 0: there is no audit."""
    thresholds: tuple[Threshold, ...]
    session_thresholds: tuple[Threshold, ...]
    """Those of ``thresholds`` that hold for the session's runs in general: one of them that names
    an operation is judged where that operation runs."""

    def __post_init__(self) -> None:
        if self.warmup_s >= self.run_time_s:
            raise InvalidLoadProfile(
                f"the warm-up of {self.warmup_s:g} s leaves nothing of the run time "
                f"of {self.run_time_s:g} s to measure"
            )
        if self.users / self.spawn_rate >= self.run_time_s:
            raise InvalidLoadProfile(
                f"{self.users} users at {self.spawn_rate:g} users per second are not all there "
                f"before the run time of {self.run_time_s:g} s is over"
            )
        if self.expect_workers and self.processes > 1:
            raise InvalidLoadProfile(
                f"{self.processes} local processes and {self.expect_workers} remote workers do "
                "not go together: start a worker on this machine too, as on the others"
            )
        if isinstance(self.pacing, OpenModel) and self.pacing.staged_s > self.run_time_s:
            raise InvalidLoadProfile(
                f"the stages of {self.pacing} take {format_duration(self.pacing.staged_s)}, longer "
                f"than the run time of {format_duration(self.run_time_s)}: raise --perf-run-time"
            )
        if self.max_attempts > 1 and self.client is not ClientKind.BOTO3:
            raise InvalidLoadProfile(
                f"{self.max_attempts} attempts per request are for the boto3 client; "
                f"the client {self.client} makes one: add --perf-client=boto3"
            )

    def doubts(self, cores: int) -> Iterator[str]:
        """Yield what may be done, but makes little sense, on a machine with so many cores."""
        if self.processes > cores:
            yield (
                f"{self.processes} load generator processes on {cores} cores slow each other down: "
                f"use at most {cores}, or auto"
            )
        if self.processes > self.users:
            yield (
                f"{self.processes} load generator processes, but users for {self.users} of them: "
                "the others send nothing"
            )

    def to_json(self) -> dict[str, object]:
        """Return the load profile as reports show it."""
        return {
            "name": self.profile,
            "users": self.users,
            "spawn_rate": self.spawn_rate,
            "run_time_s": self.run_time_s,
            "warmup_s": self.warmup_s,
            "stop_timeout_s": self.stop_timeout_s,
            "pacing": str(self.pacing),
            "processes": self.processes,
            "client": str(self.client),
            "max_attempts": self.max_attempts,
            "verify": str(self.verification),
            "audit": self.audited_items or "off",
        }


class Resolver:
    """Reads the layers of a pytest configuration once; answers for the session and for markers.

    Raises:
        ConfigError: a value cannot be; the message names its origin.
    """

    def __init__(self, config: pytest.Config, *, run_id: str) -> None:
        self._profiles = read_profiles(config.rootpath / "pyproject.toml")
        self._prices = read_prices(config.rootpath / "pyproject.toml")
        self._command_line = command_line_layer(config)
        self._ini = ini_layer(config)
        self._chosen_profile = self._command_line.text("profile")
        self._ini_profile = self._ini.text("profile")
        for layer in (self._command_line, self._ini):
            thresholds_of([layer])
        self.session = self._session(run_id)
        self.load({})

    def load(
        self, marker: Mapping[str, object], call: Mapping[str, object] | None = None
    ) -> LoadSettings:
        """Return the settings of a load run of a test.

        Args:
            marker: the keyword arguments of its ``perf`` marker.
            call: those of the ``perf_load`` call, each in place of the marker's.

        Raises:
            ConfigError: an argument is unknown, is not for a marker, or has a bad value.
        """
        called = arguments_layer(call or {}, "perf_load({name}=…)")
        marked = arguments_layer(marker, "@pytest.mark.perf({name}=…)").without(called.values)
        own = called if "profile" in called.values else marked
        test_profile = own.text("profile")
        above = [self._command_line, *self._profile_layer(self._chosen_profile, PROFILE_FLAG)]
        chosen = self._run_profile_layer(test_profile, own.name("profile"))
        middle = [called, marked, *chosen]
        below = [
            self._ini,
            *self._profile_layer(self._ini_profile, self._ini.name("profile")),
            *self._profile_layer(DEFAULT_PROFILE, "default"),
        ]
        values = values_of((*above, *middle, *below), Scope.RUN)
        session = override(thresholds_of(below), thresholds_of(above))
        thresholds = override(
            override(thresholds_of(below), thresholds_of(middle)), thresholds_of(above)
        )
        middle_selectors = {each.operation for each in thresholds_of(middle)}
        return LoadSettings(
            profile=(self._chosen_profile or test_profile or self._ini_profile or DEFAULT_PROFILE),
            users=values["users"],
            spawn_rate=values["spawn_rate"],
            run_time_s=values["run_time"],
            stop_timeout_s=values["stop_timeout"],
            warmup_s=values["warmup"],
            pacing=values["pacing"],
            processes=values["processes"],
            expect_workers=values["expect_workers"],
            master_bind=values["master_bind"],
            client=values["client"],
            max_attempts=values["max_attempts"],
            abort_after=values["abort_after"],
            verification=values["verify"],
            audited_items=values["audit"],
            thresholds=thresholds,
            session_thresholds=tuple(
                each for each in session if each.operation not in middle_selectors
            ),
        )

    def _session(self, run_id: str) -> SessionSettings:
        layers = (
            self._command_line,
            *self._profile_layer(self._chosen_profile, PROFILE_FLAG),
            self._ini,
            *self._profile_layer(self._ini_profile, self._ini.name("profile")),
            *self._profile_layer(DEFAULT_PROFILE, "default"),
        )
        values = values_of(layers, Scope.SESSION)
        target = parse_target(
            values["target"],
            region=values["aws_region"],
            account=values["aws_account"],
            profile=values["aws_profile"],
            role_arn=values["aws_role_arn"],
        )
        if target.kind is TargetKind.NONE:
            _check_stands_alone(values)
        if values["compare"] is None and values["compare_fail"]:
            rule = str(values["compare_fail"][0])
            raise InvalidOption("--perf-compare-fail", rule, "give --perf-compare, too")
        is_bare = target.kind in {TargetKind.AWS, TargetKind.NONE}
        try:
            dataset = Dataset(
                seed=values["seed"],
                key_choice=values["key_choice"],
                **{name: values[name] for name in DATASET_SIZES},
            )
        except ValueError as error:
            raise InvalidOption("the data set", "", str(error)) from error
        keepers = [each.values[KEEP_TABLE] for each in layers if KEEP_TABLE in each.values]
        return SessionSettings(
            target=target,
            names_target=any("target" in each.values for each in layers),
            aqp=values["aqp"] or ("none" if is_bare else "embedded"),
            table=values["table"],
            keep_table=keepers[:1] == [True],
            billing=values["billing"],
            max_cost_usd=values["max_cost"],
            prices=self._prices,
            dataset=dataset,
            json_path=values["json"],
            baselines=BaselineSettings(
                place=_place(values["baselines"], values),
                save=values["save"],
                compare=values["compare"],
                rules=values["compare_fail"],
                allowed=values["compare_allow"] or frozenset(),
            ),
            html_path=values["html"],
            markdown_path=values["markdown"],
            progress=values["progress"],
            history=None if values["history"] is None else _place(values["history"], values),
            run_id=values["run_id"] or run_id,
        )

    def _profile_layer(self, name: str | None, chosen_by: str) -> list[Layer]:
        if name is None:
            return []
        if name not in self._profiles:
            hint = f"use one of {', '.join(self._profiles)}, or add [tool.perf.profiles.{name}]"
            raise InvalidOption(chosen_by, name, hint)
        return [profile_layer(name, self._profiles[name])]

    def _run_profile_layer(self, name: str | None, chosen_by: str) -> list[Layer]:
        layers = self._profile_layer(name, chosen_by)
        for key in (key for layer in layers for key in layer.session_options()):
            hint = f"it sets {key!r} for the whole session: choose it with {PROFILE_FLAG}"
            raise InvalidOption(chosen_by, name, hint)
        return layers


def _check_stands_alone(values: Mapping[str, object]) -> None:
    """Refuse what needs a target, when there is none."""
    for option, allowed in (("aqp", (None, "none")), ("table", (None,))):
        if values[option] not in allowed:
            hint = "there is no table with --perf-target=none: leave it out, or name a target"
            raise InvalidOption(f"--perf-{option}", values[option], hint)


def _place(text: str, values: Mapping[str, str | None]) -> Place:
    return Place(text=text, region=values["aws_region"], profile=values["aws_profile"])
