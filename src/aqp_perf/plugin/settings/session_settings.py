"""The settings of a whole session."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from aqp_perf.core.aws.prices import Prices
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.data.dataset import Dataset, DataSettings
from aqp_perf.core.data.declared_item import Item
from aqp_perf.errors import ExtraMissing, InvalidOption
from aqp_perf.extras import Extra, require
from aqp_perf.plugin.settings.option_values import (
    MissingBaseline,
    ProgressKind,
    best_sessions,
)
from aqp_perf.stores.file_store import Place
from aqp_perf.targets import Billing, TargetKind, TargetSpec, parse_target
from aqp_perf.workloads.order import Order

_DEFAULT_TARGET = (
    "moto is the target unless you name one; a test of a service of your own needs none: "
    "--perf-target=none"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSettings:
    """What the session does with baselines."""

    place: Place
    save: str | None
    """Name to save the results under."""
    compare: str | None
    """Name of a baseline, or path of a results file."""
    anchor: str | None
    """Another one, that sessions do not replace; or ``best:N``."""
    rules: tuple[ComparisonRule, ...]
    allowed: frozenset[str]
    """Parts of a fingerprint that may differ."""
    missing: MissingBaseline
    history: Place | None
    """Where the sessions of ``best:N`` are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """Where load goes, what it reads and writes, and which reports there are."""

    target: TargetSpec
    names_target: bool
    """Whether the user chose the target; if not, a run that does not need one has none."""
    aqp: str
    """A URL, ``embedded`` or ``none``."""
    table: str | None
    keep_table: bool
    billing: Billing
    max_cost_usd: Decimal
    prices: Prices | None
    """The user's own; None: those that ship."""
    data: DataSettings
    json_path: Path | None
    html_path: Path | None
    markdown_path: Path | None
    progress: ProgressKind
    baselines: BaselineSettings
    history: Place | None
    run_id: str
    """Is part of the name and a tag of every table of the session, and of every order id."""

    @property
    def uses_aws(self) -> bool:
        """Whether anything in it needs AWS credentials of the user's: the target, or a bucket."""
        places = (self.baselines.place, self.history)
        is_bucket = any(place is not None and place.folder(Path()) is None for place in places)
        return is_bucket or self.target.kind is TargetKind.AWS

    @classmethod
    def of(
        cls, values: Mapping[str, Any], *, names_target: bool, prices: Prices | None, run_id: str
    ) -> Self:
        """Return the settings that the options of a session make up.

        Args:
            values: field of every option of a session → its value.
            names_target: whether the user chose the target.
            prices: the user's own.
            run_id: the run id if the user chose none.

        Raises:
            ConfigError: the values contradict each other, or name what is not installed.
        """
        target = parse_target(
            values["target"],
            region=values["aws_region"],
            account=values["aws_account"],
            profile=values["aws_profile"],
            role_arn=values["aws_role_arn"],
        )
        if target.kind is TargetKind.NONE:
            _check_stands_alone(values)
        has_own_aqp = target.kind not in {TargetKind.AWS, TargetKind.NONE}
        own = {field.name for field in fields(cls)}
        # Of the values of one key, the last holds.
        sizes = {key: value for each in values["data"] for key, value in each.items()}
        settings = cls(
            **{field: value for field, value in values.items() if field in own}
            | {
                "target": target,
                "names_target": names_target,
                "aqp": values["aqp"] or ("embedded" if has_own_aqp else "none"),
                "prices": prices,
                "data": DataSettings(seed=values["seed"], values=sizes),
                "baselines": (baselines := _baselines(values)),
                "history": baselines.history,
                "run_id": values["run_id"] or run_id,
            }
        )
        settings.check_installed(needs_target=names_target, needs_aqp=values["aqp"] is not None)
        return settings

    @property
    def seed(self) -> int:
        """The seed of all data."""
        return self.data.seed

    def dataset(self, item: type[Item] | None) -> Dataset:
        """Return the data of items of a class; None: those of the shipped workloads."""
        return self.data.of(item or Order)

    def check_installed(self, *, needs_target: bool, needs_aqp: bool) -> None:
        """Check that the packages are installed of what has to be opened.

        Raises:
            ExtraMissing: they are not.
        """
        if needs_target:
            try:
                self.target.check_installed()
            except ExtraMissing as error:
                if not self.names_target:
                    error.add_note(_DEFAULT_TARGET)
                raise
        if needs_aqp and self.aqp == "embedded":
            require(Extra.EMBEDDED, "--perf-aqp=embedded")


def _check_stands_alone(values: Mapping[str, object]) -> None:
    """Refuse options that need a target when there is none."""
    for option, allowed in (("aqp", (None, "none")), ("table", (None,))):
        if values[option] not in allowed:
            hint = "there is no table with --perf-target=none: leave it out, or name a target"
            raise InvalidOption(f"--perf-{option}", values[option], hint)


def _baselines(values: Mapping[str, Any]) -> BaselineSettings:
    anchor, save = values["anchor"], values["save"]
    if values["compare"] is None and anchor is None and values["compare_fail"]:
        rule = str(values["compare_fail"][0])
        raise InvalidOption("--perf-compare-fail", rule, "give --perf-compare, too")
    if anchor is not None and anchor == save:
        raise InvalidOption("perf_anchor", anchor, "--perf-save would replace it: it has to stay")
    if anchor is not None and best_sessions(anchor) is not None and values["history"] is None:
        raise InvalidOption("perf_anchor", anchor, "give --perf-history, too")
    return BaselineSettings(
        place=_place(values["baselines"], values),
        save=save,
        compare=values["compare"],
        anchor=anchor,
        rules=values["compare_fail"],
        allowed=values["compare_allow"] or frozenset(),
        missing=values["compare_missing"],
        history=values["history"] and _place(values["history"], values),
    )


def _place(text: str, values: Mapping[str, str | None]) -> Place:
    return Place(text=text, region=values["aws_region"], profile=values["aws_profile"])
