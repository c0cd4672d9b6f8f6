"""Warnings before a load that its table will throttle."""

import re
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from aqp_perf import targets
from aqp_perf.core.load.bottlenecks import NEW_TABLE_PER_S, TableCapacity
from aqp_perf.errors import LoadWarning
from aqp_perf.plugin.runs.costs import Admission, SessionCosts
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.targets import Table, TargetKind

AdmitAt = Callable[..., Admission | None]

TABLE = Table(name="orders", is_ours=True, is_seeded=True)


@pytest.fixture
def admit_at(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> AdmitAt:
    """Admit 5,000 writes a second, most of them to one key, on a table new on AWS."""
    new_table = TableCapacity(warm=NEW_TABLE_PER_S, is_on_aws=True)
    monkeypatch.setattr(targets, "table_capacity", lambda *_: new_table, raising=False)
    config = pytester.parseconfig("--perf-pacing=5000/s", "--perf-data=key_choice=hot")
    resolver = Resolver(config, run_id="run")

    def go(kind: TargetKind, table: Table | None = TABLE) -> Admission | None:
        target: Any = SimpleNamespace(kind=kind, region="us-east-1")
        site = Site(target=target, table=table)
        request = LoadRequest.of("PartiqlWriteUser", None, resolver.load({}), resolver.session.data)
        return SessionCosts(resolver.session).admit_run(site, request)

    return go


def test_every_bottleneck_is_a_warning_with_its_figures(admit_at: AdmitAt) -> None:
    with pytest.warns(LoadWarning) as caught:
        assert admit_at(TargetKind.ENDPOINT) is None, "only AWS is paid for"
    assert [re.split(" of 5,000|;", str(each.message))[0] for each in caught] == [
        "hot key: the hottest of 9,980 partition keys takes 0.9",
        "writes: the load asks for 5,000 write units/s at its highest",
    ]


@pytest.mark.parametrize("kind", [TargetKind.MOTO, TargetKind.DYNAMODB_LOCAL])
def test_targets_that_do_not_throttle_are_not_asked(admit_at: AdmitAt, kind: TargetKind) -> None:
    with warnings.catch_warnings(action="error"):
        admit_at(kind)


def test_load_without_a_table_of_ours_has_none_to_ask(admit_at: AdmitAt) -> None:
    with warnings.catch_warnings(action="error"):
        admit_at(TargetKind.AWS, None)
