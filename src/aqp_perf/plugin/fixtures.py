"""What the fixtures do: each opens one thing, yields it and closes it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from aqp_perf import targets
from aqp_perf.children import running_server
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.declared_item import Item
from aqp_perf.core.load.planned_load import USER_WORK
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.errors import ConfigError, InvalidOption, PerfError, TableNotFound
from aqp_perf.operating_system import file_limit
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.load_runs import RUNS
from aqp_perf.plugin.runs.site import Aqp, Site
from aqp_perf.plugin.runs.state import STATE
from aqp_perf.plugin.session.xdist_workers import random_name
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.targets import Table, Target, TargetKind, table_name

AQP_USER_VARIABLE = "PERF_AQP_USER"
AQP_PASSWORD_VARIABLE = "PERF_AQP_PASSWORD"  # noqa: S105 - the name of a variable
_Key = TypeVar("_Key")
_Opened = TypeVar("_Opened")
_EXAMPLE_CREDENTIALS = ("small-query-app", "secretEXAMPLE")


class PerfLoad:
    """The fixture ``perf_load``: call it to put load on the target."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def __call__(
        self,
        users: str | Mapping[str, int] | None = None,
        /,
        *,
        locustfile: str | Path | Sequence[str | Path] | None = None,
        **overrides: object,
    ) -> RunResult:
        """Run locust to its end.

        Args:
            users: name of a locust user class, or names with weights; None: all of the files.
            locustfile: another file than the one that ships, a folder of them, or several.
            overrides: arguments of the ``perf`` marker, for this run only; such as ``host="…"``,
                ``tags="checkout"``, ``arguments={"table": "orders", "verbose": True}``.

        Returns:
            What was measured. A verdict other than PASS makes the test red, whatever the body does.
        """
        item: pytest.Item = self._request.node
        state = item.config.stash[STATE]
        load = state.resolver.load(marker_arguments(item), overrides)
        request = LoadRequest.of(users, locustfile, load, state.session.data)
        load.check_connections(file_limit())
        state.costs.expect(request)
        return item.stash[RUNS].run(request, self._site(request, state.session))

    def _site(self, request: LoadRequest, session: SessionSettings) -> Site:
        """Return where the run goes.

        The shipped workloads get what they need. Other locustfiles get the fixtures that the test
        names, and the target if an option names it: nothing is started that they may not use.

        Raises:
            InvalidOption: a user class is not shipped, and there is no target: the locustfile was
                forgotten, and a skip would hide it; or there are two hosts.
        """
        unknown = set(request.shipped_classes or ()) - USER_WORK.keys()
        if unknown and session.target.kind is TargetKind.NONE:
            hint = f"name its file with locustfile=, or use one of {', '.join(USER_WORK)}"
            raise InvalidOption("perf_load", min(unknown), hint)
        request.load.check_times()
        if request.shipped_classes is not None:  # others may send requests that are never due
            request.load.check_requests()
        fixture, names = self._request.getfixturevalue, self._request.fixturenames
        needs_aqp = request.needs_aqp or "perf_aqp" in names
        host = request.load.host
        if needs_aqp and host is not None:
            hint = "this test loads the AQP, which is Locust's --host: leave out one of the two"
            raise InvalidOption("host", host, hint)
        needs_table = request.needs_table or "perf_table" in names
        is_chosen = session.names_target and session.target.kind is not TargetKind.NONE
        needs_target = needs_table or is_chosen or "perf_target" in names
        with _stopping_if_refused(self._request):  # before the table that the AQP reads is created
            session.check_installed(needs_target=needs_target or needs_aqp, needs_aqp=needs_aqp)
        table = (
            fixture("_perf_tables").of(request.dataset.item) if needs_table or needs_aqp else None
        )
        return Site(
            aqp=fixture("_perf_aqps").of(table, request.dataset.item) if needs_aqp else None,
            target=fixture("perf_target") if needs_target or needs_aqp else None,
            table=table,
        )


def opened_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Yield the open target; skip where there is none."""
    session = request.config.stash[STATE].session
    spec = session.target
    if spec.kind is TargetKind.NONE:
        pytest.skip("--perf-target is none: there is no DynamoDB to test")
    with ExitStack() as opened:
        with _stopping_if_refused(request):
            needs_aqp = "perf_aqp" in request.fixturenames
            session.check_installed(needs_target=True, needs_aqp=needs_aqp)
            target = opened.enter_context(targets.open_target(spec))
        yield target


class Once(Generic[_Key, _Opened]):
    """What is opened once for each key; an error of that is raised again, as by a fixture."""

    def __init__(self, open_: Callable[[_Key], _Opened]) -> None:
        self._open = open_
        self._found: dict[_Key, _Opened | PerfError] = {}

    def of(self, key: _Key) -> _Opened:
        """Return what belongs to ``key``."""
        if key not in self._found:
            try:
                self._found[key] = self._open(key)
            except PerfError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, PerfError):
            raise found
        return found


class Tables:
    """The seeded tables of a session, one for each item: new ones, or that of ``--perf-table``."""

    def __init__(self, request: pytest.FixtureRequest, target: Target, opened: ExitStack) -> None:
        self._request, self._target, self._opened = request, target, opened
        self._tables: Once[type[Item], Table] = Once(self._open)

    def of(self, item: type[Item]) -> Table:
        """Return the table of items of a class, which is created and seeded the first time."""
        return self._tables.of(item)

    def _open(self, item: type[Item]) -> Table:
        state, target = self._request.config.stash[STATE], self._target
        session, dataset = state.session, state.session.dataset(item)
        if session.table is not None:
            with _stopping_if_refused(self._request):
                return targets.existing_table(target, session.table, dataset)
        state.costs.admit_table(target.region, dataset)
        table = self._opened.enter_context(
            targets.open_table(
                target,
                name=table_name(f"{session.run_id}_{random_name()}"),
                dataset=dataset,
                run_id=session.run_id,
                billing=session.billing,
                keep=session.keep_table,
            )
        )
        if session.keep_table:
            state.collector.kept_tables.append(f"{table.name} at {target.endpoint}")
        return table


class Aqps:
    """The AQPs of a session, one for each table: embedded stand-ins, or that of ``--perf-aqp``."""

    def __init__(self, request: pytest.FixtureRequest, target: Target, opened: ExitStack) -> None:
        self._request, self._target, self._opened = request, target, opened
        self._aqps: Once[tuple[Table, type[Item]], Aqp] = Once(self._open)

    def of(self, table: Table, item: type[Item]) -> Aqp:
        """Return the AQP of a table, which is started or checked the first time."""
        return self._aqps.of((table, item))

    def _open(self, of: tuple[Table, type[Item]]) -> Aqp:
        table, item = of
        chosen = self._request.config.stash[STATE].session.aqp
        if chosen == "none":
            pytest.skip("--perf-aqp is none: there is no AQP to test")
        if chosen != "embedded":
            _check(chosen, table, item)
            return Aqp(url=chosen, label="AQP")
        target = self._target
        options = ["--endpoint-url", target.endpoint, "--region", target.region]
        options += ["--table", table.name]
        server = running_server(
            "embedded AQP", "aqp_perf.aqp", *options, environment=target.environment()
        )
        aqp = self._opened.enter_context(server)
        _check(aqp.url, table, item)
        return Aqp(url=aqp.url, label="embedded AQP, not the real one", process=aqp.process)


def default_dataset(request: pytest.FixtureRequest) -> Dataset:
    """Return the data of tests whose marker names no item."""
    state = request.config.stash[STATE]
    return state.session.dataset(state.resolver.load({}).item)


def marker_arguments(item: pytest.Item) -> dict[str, object]:
    """Return the keyword arguments of a test's ``perf`` markers, the closest one's first.

    Raises:
        InvalidOption: a marker has positional arguments.
    """
    arguments: dict[str, object] = {}
    for mark in item.iter_markers("perf"):
        if mark.args:
            raise InvalidOption("@pytest.mark.perf", mark.args, "name the arguments")
        arguments = {**mark.kwargs, **arguments}
    return arguments


@contextmanager
def _stopping_if_refused(request: pytest.FixtureRequest) -> Iterator[None]:
    """Report an option that only the target can refute once, then stop.

    Otherwise every test repeats it.
    """
    try:
        yield
    except (ConfigError, TableNotFound):
        request.session.shouldfail = "an option is wrong, see above: no other test is run"
        request.config.stash[STATE].is_option_refused = True
        raise


def _check(url: str, table: Table, item: type[Item]) -> None:
    # requests is slow to import: only sessions with AQP tests wait for it.
    from aqp_perf.aqp.preflight import check_aqp, preflight_query  # noqa: PLC0415

    user = os.environ.get(AQP_USER_VARIABLE, _EXAMPLE_CREDENTIALS[0])
    password = os.environ.get(AQP_PASSWORD_VARIABLE, _EXAMPLE_CREDENTIALS[1])
    query = preflight_query(table.name, item.declaration.key_types)
    check_aqp(url, user=user, password=password, query=query)
