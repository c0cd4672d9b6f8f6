"""What a test requests: which user classes, of which locustfile, and what they need."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.site import Aqp, Site
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.targets import Table
from aqp_perf.targets.kinds.endpoint import local_target
from aqp_perf.targets.kinds.target import TargetKind

Users = str | Mapping[str, int] | None
Requested = Callable[..., LoadRequest]


@pytest.fixture
def requested(resolver: Callable[..., Resolver]) -> Requested:
    load = resolver().load({})

    def of(users: object = None, locustfile: object = None) -> LoadRequest:
        return LoadRequest.of(users, locustfile, load)

    return of


@pytest.mark.parametrize(
    ("users", "classes"),
    [
        ("PartiqlWriteUser", {"PartiqlWriteUser": 1}),
        ({"A": 3, "B": 1}, {"A": 3, "B": 1}),
        (None, {}),
    ],
)
def test_user_classes_have_weights(
    requested: Requested, users: Users, classes: dict[str, int]
) -> None:
    assert requested(users).user_classes == classes


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ("--web-port", "perf_load: '--web-port' is not valid: give the name of a locust user"),
        (["ShopUser"], "perf_load: ['ShopUser'] is not valid: give a user class, several with"),
        ({}, "perf_load: {} is not valid: give a user class, several with weights"),
        ({7: 1}, "perf_load: 7 is not valid: give the name of a locust user"),
        ({"A": 0}, "perf_load: weight of A: 0 is not valid: a weight is a whole number"),
        ({"A": True}, "perf_load: weight of A: True is not valid: a weight is a whole number"),
    ],
)
def test_bad_class_names_and_weights_are_refused(
    requested: Requested, users: object, message: str
) -> None:
    with pytest.raises(InvalidOption) as caught:
        requested(users)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("locustfile", [None, LOCUSTFILE, str(LOCUSTFILE)])
def test_shipped_users_need_a_table_and_some_an_aqp(
    requested: Requested, locustfile: str | Path | None
) -> None:
    write, read = requested("PartiqlWriteUser", locustfile), requested("AqpStatusUser", locustfile)

    assert write.shipped_classes == {"PartiqlWriteUser": 1}
    assert (write.needs_table, write.needs_aqp) == (True, False)
    assert (read.needs_table, read.needs_aqp) == (True, True)
    assert requested(None, locustfile).needs_aqp, "all users of the shipped file"


def test_the_shipped_file_beside_others_is_one_of_several(requested: Requested) -> None:
    several = requested(None, [LOCUSTFILE, "own.py"])

    assert several.shipped_classes is None
    assert several.locustfiles == (LOCUSTFILE, Path("own.py"))


def test_users_of_another_locustfile_need_nothing_that_is_known(requested: Requested) -> None:
    other = requested("AqpStatusUser", "locustfile.py")

    assert other.shipped_classes is None
    assert (other.needs_table, other.needs_aqp) == (False, False)


@pytest.mark.parametrize(
    ("target", "aqp", "processes"),
    [
        ("7:22", "8:33", ["7:22", "8:33"]),
        ("7:22", None, ["7:22"]),
        (None, None, []),
    ],
)
def test_the_servers_that_are_ours_are_watched(
    requested: Requested, target: str | None, aqp: str | None, processes: list[str]
) -> None:
    site = Site(
        target=local_target(TargetKind.MOTO, "http://127.0.0.1:1", target),
        aqp=Aqp(url="http://127.0.0.1:2", label="AQP", process=aqp),
    )
    spec = requested("AqpStatusUser").spec(site, run_id="r", progress_s=None)
    assert spec.server_processes == processes


PATTERNS = ["test_*.py", "*_test.py"]


@pytest.mark.parametrize(
    ("name", "patterns", "doubts"),
    [
        ("own.py", PATTERNS, []),
        ("test_shop.py", PATTERNS, ["users/test_shop.py: * call it locustfile_shop.py"]),
        ("shop_test.py", PATTERNS, ["users/shop_test.py: * call it locustfile_shop.py"]),
        ("shop.py", ["users/*.py"], ["users/shop.py: * keep it apart from the tests"]),
    ],
)
def test_a_locustfile_that_pytest_imports_too_is_pointed_out(
    requested: Requested, tmp_path: Path, name: str, patterns: list[str], doubts: list[str]
) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / name).touch()

    for given in (tmp_path / "users", tmp_path / "users" / name):
        found = list(requested(None, given).doubts(tmp_path, patterns))
        assert len(found) == len(doubts)
        assert all(map(fnmatch, found, doubts))
    assert not list(requested(None, given).doubts(tmp_path / "elsewhere", patterns))


def test_the_fingerprint_has_what_the_locustfile_gets(resolver: Callable[..., Resolver]) -> None:
    """Not the host, which differs where a service is deployed; nor what is new in each session."""
    given = {"arguments": {"table": "perf_1", "size": 5}, "host": "https://h", "tags": "slow"}
    request = LoadRequest.of(None, ["a.py", "users"], resolver().load({}, given))
    site = Site(table=Table(name="perf_1", is_ours=True, is_seeded=True))
    profile = request.fingerprint(site).profile

    assert profile["locustfile"] == "a.py, users"
    assert profile["arguments"] == "table=<table> size=5"
    assert profile["tags"] == "slow"
    assert "host" not in profile


def test_the_command_has_the_host_tags_and_arguments(resolver: Callable[..., Resolver]) -> None:
    given = {"arguments": {"table": "x"}, "host": "https://h", "tags": "slow"}
    request = LoadRequest.of(None, "a.py", resolver().load({}, given))
    spec = request.spec(Site(), run_id="r", progress_s=None)

    assert (spec.host, spec.tags, spec.locustfiles) == ("https://h", ("slow",), (Path("a.py"),))
    assert [each.words for each in spec.arguments] == [["--table=x"]]


def test_a_run_without_servers_of_ours_watches_none(requested: Requested) -> None:
    spec = requested("AqpStatusUser").spec(Site(), run_id="r", progress_s=None)
    assert not spec.server_processes
