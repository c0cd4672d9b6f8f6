from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from aqp_perf.errors import TableUnusable, TargetUnusable
from aqp_perf.targets.kinds.target import Target
from aqp_perf.targets.sweep.__main__ import main
from aqp_perf.targets.sweep.found_tables import FoundTables
from aqp_perf.targets.sweep.leftover import FoundTable
from aqp_perf.targets.tables.tags import boto3_tags, creation_tags
from tests.doubles.manual_clock import ManualClock
from tests.doubles.scripted_server import ScriptedServer, answer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ACCOUNT = "123456789012"
REGION = ("--region", "eu-west-1")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
EXPIRED, FRESH = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def create(target: Target, name: str, tags: dict[str, str], **more: Any) -> None:  # noqa: ANN401 - boto3's
    target.client().create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        Tags=boto3_tags(tags),
        **more,
    )


def tags(run_id: str = "r1", expires: datetime = EXPIRED) -> dict[str, str]:
    return creation_tags(run_id=run_id, owner="me", expires=expires, creation_id="c0ffee")


def names(target: Target) -> set[str]:
    return set(target.client().list_tables()["TableNames"])


def sweep(*arguments: str) -> int:
    return main([*REGION, *arguments], ManualClock())


@pytest.fixture
def zoo(aws: Target) -> Target:
    """Have one table of each kind; only the first is left over."""
    create(aws, "aqp_perf_expired", tags())
    create(aws, "aqp_perf_fresh", tags("r2", FRESH))
    create(aws, "aqp_perf_untagged", {})
    create(aws, "aqp_perf_misdated", tags() | {"aqp-perf:expires": "yesterday"})
    create(aws, "renamed", tags())
    create(aws, "orders", {"Name": "orders"})
    return aws


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what was said of each table, by the first word of its line."""
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 1}


def test_without_leftovers_there_is_nothing_to_do(aws: Target) -> None:
    create(aws, "aqp_perf_fresh", tags(expires=FRESH))
    assert sweep() == 0
    assert sweep("--yes", "--account", ACCOUNT) == 0
    assert names(aws) == {"aqp_perf_fresh"}


def test_leftovers_are_listed_and_stay(zoo: Target, capsys: pytest.CaptureFixture[str]) -> None:
    before = names(zoo)
    assert sweep() == 1
    said = lines(capsys)
    assert names(zoo) == before
    assert said["AWS"] == "eu-west-1: tables found: 4, left over: 1"
    assert said["aqp_perf_expired"].startswith("me")
    assert "2029-12-31T23:59:59Z" in said["aqp_perf_expired"]
    assert said["aqp_perf_expired"].endswith("left over: expired")
    assert said["aqp_perf_fresh"].endswith("kept: its time is not over")
    assert "not ours: no tag aqp-perf:suite" in said["aqp_perf_untagged"]
    assert "not ours: tag aqp-perf:expires is not a time" in said["aqp_perf_misdated"]
    assert said["nothing"] == "was deleted: --yes deletes what is left over"
    assert not {"renamed", "orders"} & set(said)


@pytest.mark.parametrize("more", [(), ("--all",)])
def test_yes_deletes_the_leftovers_and_nothing_else(zoo: Target, more: tuple[str, ...]) -> None:
    before = names(zoo)
    assert sweep("--yes", "--account", ACCOUNT, *more) == 0
    assert names(zoo) == before - {"aqp_perf_expired"}


def test_all_lists_tables_with_our_tags_under_another_name(
    zoo: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("--all") == 1
    said = lines(capsys)
    assert said["renamed"].endswith("its name does not begin with aqp_perf_: left alone")
    assert "orders" not in said
    assert "orders" in names(zoo)


def test_a_named_run_has_its_own_tables_deleted_alone(zoo: Target) -> None:
    before = names(zoo)
    assert sweep("--yes", "--account", ACCOUNT, "--run", "r2") == 0
    assert names(zoo) == before - {"aqp_perf_fresh"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--yes",), "--account is missing: on AWS, name the one account"),
        (
            ("--yes", "--account", "210987654321"),
            f"--account: '210987654321' is not valid: the credentials belong to account {ACCOUNT}",
        ),
        (("--account", ""), "--account: '' is not valid"),
        (("--run", ""), "--run: '' is not valid: give the id"),
        (("--profile", "none"), "--profile: 'none' is not valid: no such profile"),
        (("--endpoint-url", "here"), "--endpoint-url: 'here' is not valid: write it like"),
        (
            ("--endpoint-url", "https://dynamodb.eu-west-1.amazonaws.com", "--yes"),
            "--endpoint-url: 'https://dynamodb.eu-west-1.amazonaws.com' is not valid: this is AWS",
        ),
        (
            ("--endpoint-url", "http://127.0.0.1:1", "--account", ACCOUNT),
            f"--account: '{ACCOUNT}' is not valid: it does not go with --endpoint-url",
        ),
    ],
)
def test_arguments_that_cannot_be_are_refused_and_nothing_is_deleted(
    zoo: Target, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    before = names(zoo)
    assert sweep(*arguments) == 2
    assert capsys.readouterr().err.startswith(f"aqp_perf.targets.sweep: {problem}")
    assert names(zoo) == before


def test_a_protected_table_stays_and_is_named(
    aws: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    create(aws, "aqp_perf_protected", tags(), DeletionProtectionEnabled=True)
    create(aws, "aqp_perf_simple", tags())
    assert sweep("--yes", "--account", ACCOUNT) == 1
    assert "DeletionProtectionEnabled" in capsys.readouterr().out
    assert names(aws) == {"aqp_perf_protected"}
    aws.client().update_table(TableName="aqp_perf_protected", DeletionProtectionEnabled=False)


def test_control_characters_in_a_tag_are_not_printed(
    aws: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    create(aws, "aqp_perf_odd", tags() | {"aqp-perf:owner": "\x1b[2J"})
    assert sweep() == 1
    assert "\x1b" not in capsys.readouterr().out


# Meanwhile


Event = Callable[..., Any]


def looking(
    target: Target, events: Mapping[str, Event] | None = None, clock: ManualClock | None = None
) -> FoundTables:
    """Return a search whose client does what ``events`` say before each call."""
    tables = FoundTables(target, clock or ManualClock())
    client: DynamoDBClient = tables._client
    for operation, event in (events or {}).items():
        client.meta.events.register(f"before-call.dynamodb.{operation}", event)
    return tables


def refused(code: str, count: int = 1_000) -> Event:
    left = iter(range(count))

    def event(model: Any, **_: object) -> None:  # noqa: ANN401 - botocore is not typed
        if next(left, None) is not None:
            raise ClientError({"Error": {"Code": code, "Message": "No."}}, model.name)

    return event


def found(tables: FoundTables) -> dict[str, FoundTable]:
    return {table.name: table for table in tables.find(has_any_name=False)}


def test_every_page_of_tables_is_read(aws: Target) -> None:
    for number in range(5):
        create(aws, f"aqp_perf_{number}", tags())
    tables = looking(aws)

    def shorten(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 2

    tables._client.meta.events.register("provide-client-params.dynamodb.ListTables", shorten)
    assert set(found(tables)) == names(aws)


@pytest.mark.parametrize("moment", ["DescribeTable", "ListTagsOfResource"])
def test_a_table_that_vanishes_while_it_is_looked_at_is_left_out(aws: Target, moment: str) -> None:
    create(aws, "aqp_perf_a", tags())

    def vanish(**_: object) -> None:
        if names(aws):
            aws.client().delete_table(TableName="aqp_perf_a")

    assert found(looking(aws, {moment: vanish})) == {}


@pytest.mark.parametrize("moment", ["DescribeTable", "DeleteTable"])
def test_a_table_that_vanishes_before_it_is_deleted_is_no_error(aws: Target, moment: str) -> None:
    create(aws, "aqp_perf_a", tags())
    [table] = found(looking(aws)).values()

    def vanish(**_: object) -> None:
        aws.client().delete_table(TableName="aqp_perf_a")

    looking(aws, {moment: vanish}).delete(table)
    assert names(aws) == set()


def test_another_table_that_took_the_name_is_not_deleted(aws: Target) -> None:
    create(aws, "aqp_perf_a", tags())
    [table] = found(looking(aws)).values()
    aws.client().delete_table(TableName="aqp_perf_a")
    create(aws, "aqp_perf_a", tags() | {"aqp-perf:creation": "other"})

    with pytest.raises(TableUnusable, match="its tags have changed"):
        looking(aws).delete(table)
    assert names(aws) == {"aqp_perf_a"}


@pytest.mark.parametrize("code", ["ThrottlingException", "LimitExceededException"])
def test_throttled_requests_of_a_sweep_are_repeated(aws: Target, code: str) -> None:
    create(aws, "aqp_perf_a", tags())
    clock = ManualClock()
    events = {"ListTagsOfResource": refused(code, 2), "DeleteTable": refused(code, 1)}
    tables = looking(aws, events, clock)
    [table] = found(tables).values()
    tables.delete(table)
    assert names(aws) == set()
    assert len(clock.sleeps) == 3


def test_requests_that_stay_throttled_are_an_error(aws: Target) -> None:
    create(aws, "aqp_perf_a", tags())
    tables = looking(aws, {"ListTagsOfResource": refused("ThrottlingException")})
    with pytest.raises(TargetUnusable, match="ThrottlingException"):
        found(tables)


@pytest.mark.parametrize("operation", ["ListTables", "DescribeTable", "ListTagsOfResource"])
def test_a_search_without_permission_names_the_action(aws: Target, operation: str) -> None:
    create(aws, "aqp_perf_a", tags())
    tables = looking(aws, {operation: refused("AccessDeniedException")})
    with pytest.raises(TargetUnusable, match=f"lack the permission for {operation}: "):
        found(tables)


def test_a_deletion_without_permission_names_the_action(
    aws: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the others are deleted."""
    create(aws, "aqp_perf_a", tags())
    create(aws, "aqp_perf_b", tags())
    tables = looking(aws, {"DeleteTable": refused("AccessDeniedException", 1)})
    monkeypatch.setattr("aqp_perf.targets.sweep.__main__.FoundTables", lambda *_: tables)
    assert sweep("--yes", "--account", ACCOUNT) == 1
    assert "not deleted: " in (said := capsys.readouterr().out)
    assert "the credentials lack the permission for DeleteTable: " in said
    assert len(names(aws)) == 1


def test_an_endpoint_without_tags_has_nothing_that_is_ours(aws: Target) -> None:
    create(aws, "aqp_perf_a", tags())
    tables = looking(aws, {"ListTagsOfResource": refused("UnknownOperationException")})
    assert found(tables)["aqp_perf_a"].tags == {}


def test_an_endpoint_that_answers_nonsense_is_refused_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ScriptedServer(answer(b"<html>")) as server:
        assert sweep("--endpoint-url", server.url) == 2

    problem = f"{server.url} cannot be used: it answers, but not as DynamoDB does"
    assert capsys.readouterr().err == f"aqp_perf.targets.sweep: {problem}\n"
