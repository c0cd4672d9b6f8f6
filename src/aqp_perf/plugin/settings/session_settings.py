"""What holds for a whole session."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from aqp_perf.core.aws.prices import Prices
from aqp_perf.core.data.dataset import DATASET_SIZES, Dataset
from aqp_perf.errors import InvalidOption
from aqp_perf.plugin.settings.baseline_settings import BaselineSettings
from aqp_perf.plugin.settings.progress_kind import ProgressKind
from aqp_perf.stores.file_store import Place
from aqp_perf.targets import Billing, TargetKind, TargetSpec, parse_target


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """Where load goes, what it reads and writes, and what is reported of it."""

    target: TargetSpec
    names_target: bool
    """Whether anybody chose the target; else a run that does not need it has none."""
    aqp: str
    """A URL, ``embedded`` or ``none``."""
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

    @classmethod
    def of(
        cls,
        values: Mapping[str, Any],
        *,
        names_target: bool,
        keep_table: bool,
        prices: Prices | None,
        run_id: str,
    ) -> Self:
        """Return the settings that options make up.

        Args:
            values: every option of a session → its value.
            names_target: whether anybody chose the target.
            keep_table: whether a table of ours is left.
            prices: of the user's own setting.
            run_id: for whoever names none.

        Raises:
            ConfigError: the values contradict each other.
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
        is_bare = target.kind in {TargetKind.AWS, TargetKind.NONE}
        return cls(
            target=target,
            names_target=names_target,
            aqp=values["aqp"] or ("none" if is_bare else "embedded"),
            table=values["table"],
            keep_table=keep_table,
            billing=values["billing"],
            max_cost_usd=values["max_cost"],
            prices=prices,
            dataset=_dataset(values),
            json_path=values["json"],
            html_path=values["html"],
            markdown_path=values["markdown"],
            progress=values["progress"],
            baselines=_baselines(values),
            history=None if values["history"] is None else _place(values["history"], values),
            run_id=values["run_id"] or run_id,
        )


def _check_stands_alone(values: Mapping[str, object]) -> None:
    """Refuse what needs a target, when there is none."""
    for option, allowed in (("aqp", (None, "none")), ("table", (None,))):
        if values[option] not in allowed:
            hint = "there is no table with --perf-target=none: leave it out, or name a target"
            raise InvalidOption(f"--perf-{option}", values[option], hint)


def _dataset(values: Mapping[str, Any]) -> Dataset:
    try:
        return Dataset(
            seed=values["seed"],
            key_choice=values["key_choice"],
            **{name: values[name] for name in DATASET_SIZES},
        )
    except ValueError as error:
        raise InvalidOption("the data set", "", str(error)) from error


def _baselines(values: Mapping[str, Any]) -> BaselineSettings:
    if values["compare"] is None and values["compare_fail"]:
        rule = str(values["compare_fail"][0])
        raise InvalidOption("--perf-compare-fail", rule, "give --perf-compare, too")
    return BaselineSettings(
        place=_place(values["baselines"], values),
        save=values["save"],
        compare=values["compare"],
        rules=values["compare_fail"],
        allowed=values["compare_allow"] or frozenset(),
        missing=values["compare_missing"],
    )


def _place(text: str, values: Mapping[str, str | None]) -> Place:
    return Place(text=text, region=values["aws_region"], profile=values["aws_profile"])
