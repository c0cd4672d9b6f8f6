"""Which operations of a run a rule judges: one, each on its own, or all of them together."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OTHER_NAMES, OperationResult, all_together
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import ALL, matching_operations, select_operations
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.errors import ResultError


class Selection(NamedTuple):
    """The operations that a threshold is about, by label; all together have the label `ALL`."""

    judged: Mapping[str, OperationResult]
    left_out: Mapping[str, OperationResult]
    """Those with fewer requests than its ``min_samples``."""
    warmed_up: Mapping[str, OperationResult] = MappingProxyType({})
    """Those whose requests were all in the warm-up, as log-ins are, if it names no operation and
    judges others."""
    reason: str = ""
    """Why it is about none; empty when it is about some."""


class JudgedOperations:
    """The operations of a run by rule; they are merged once, when a rule is on all of them."""

    def __init__(self, run: RunResult) -> None:
        self._run = run
        self._labelled = run.labelled

    def of(self, rule: Threshold) -> Selection:
        """Return what a threshold is about.

        A ratio of wrong answers that names no operation is about those whose answers are checked.
        """
        try:
            labels = select_operations(None if rule.is_of_all else rule.operation, self._labelled)
        except ResultError as error:
            return Selection({}, {}, reason=f"{error}{self._further_text(rule)}")
        found = {label: self._labelled[label] for label in labels}
        is_of_checks = rule.failure_class is FailureClass.WRONG_ANSWER and not rule.names_operation
        if is_of_checks:
            found = self._checked
            if not found:
                return Selection({}, {}, reason="no answer was checked")
        if rule.is_of_all:
            found = {ALL: self._all_checked if is_of_checks else self._all}
        warmed_up = {}
        if not rule.names_operation and not rule.min_samples:
            # One whose answers came after the warm-up may be slow: nobody should overlook it.
            warmed_up = {
                label: it for label, it in found.items() if it.is_of_warmup and not it.answered
            }
        if len(warmed_up) == len(found):
            warmed_up = {}
        least = rule.min_samples or 0
        return Selection(
            judged={
                label: it
                for label, it in found.items()
                if it.requests >= least and label not in warmed_up
            },
            left_out={label: it for label, it in found.items() if it.requests < least},
            warmed_up=warmed_up,
        )

    def watched(self, rule: Threshold) -> Mapping[str, OperationResult]:
        """Return what an abort rule looks at, by label; its glob may match several operations."""
        if rule.is_of_all:
            return self.of(rule).judged
        labels = matching_operations(rule.operation, self._labelled)
        return {label: self._labelled[label] for label in labels}

    def _further_text(self, rule: Threshold) -> str:
        """Return where the requests may be that a rule is about; empty if there are no more."""
        if rule.operation is None or not self._run.further_names:
            return ""
        return (
            f"; its requests may be among the {OTHER_NAMES!r}, which are recorded as one: give "
            "requests with dynamic URLs a name=…"
        )

    @cached_property
    def _checked(self) -> dict[str, OperationResult]:
        return {label: it for label, it in self._labelled.items() if it.shows_wrong_answers}

    @cached_property
    def _all_checked(self) -> OperationResult:
        return all_together(self._checked.values())

    @cached_property
    def _all(self) -> OperationResult:
        whole = all_together(self._labelled.values())
        # A class whose requests are all missing has no operation.
        return replace(whole, user_classes=tuple(self._run.generator.user_classes))
