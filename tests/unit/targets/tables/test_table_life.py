import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, EndpointConnectionError

from aqp_perf.core.data.dataset import KeyChoice
from aqp_perf.errors import (
    InvalidOption,
    TableAlreadyExists,
    TableLeftBehind,
    TableNotFound,
    TableNotReady,
    TableUnusable,
    TargetUnavailable,
    TargetUnusable,
)
from aqp_perf.targets.kinds.target import Target, TargetKind
from aqp_perf.targets.tables.billing import Billing
from aqp_perf.targets.tables.table import Table
from aqp_perf.targets.tables.table_life import existing_table, open_table
from tests.doubles.manual_clock import ManualClock
from tests.doubles.orders import orders

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAME = "aqp_perf_r1"
BUSY = (AWSResponse("", 400, HTTPHeaders(), None), {"Error": {"Code": "ResourceInUseException"}})
"""An answer in place of the endpoint's, as botocore takes it from a listener before a call."""

DATASET = orders(partitions=3, items_per_partition=12)

Event = Callable[..., Any]


def disturbed(target: Target, events: dict[str, Event], **changes: Any) -> Target:  # noqa: ANN401 - fields
    """Return a target whose clients do what ``events`` says before or after a call.

    Before: nothing has been sent yet. After: it was done, and the answer is about to be read.
    """

    def client() -> "DynamoDBClient":
        made = target.client()
        for name, event in events.items():
            moment, operation = name.split()
            made.meta.events.register(f"{moment}-call.dynamodb.{operation}", event)
        return made

    return replace(target, client=client, **changes)


def raising(*errors: BaseException | None) -> Event:
    """Raise one error after the other, nothing for None; the last one for ever."""
    left = list(errors)

    def event(**_: object) -> None:
        error = left.pop(0) if len(left) > 1 else left[0]
        if error is not None:
            raise error

    return event


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Any")


def opened(target: Target, **changes: Any) -> Any:  # noqa: ANN401 - the arguments of open_table
    arguments: dict[str, Any] = {
        "name": NAME,
        "dataset": DATASET,
        "run_id": "r1",
        "clock": ManualClock(),
    }
    return open_table(target, **(arguments | changes))


def tables_of(target: Target) -> list[str]:
    return target.client().list_tables()["TableNames"]


def tags_of(target: Target) -> dict[str, str]:
    client = target.client()
    arn = client.describe_table(TableName=NAME)["Table"]["TableArn"]
    return {t["Key"]: t["Value"] for t in client.list_tags_of_resource(ResourceArn=arn)["Tags"]}


def create_by_hand(target: Target, sort_key: str = "sk", sort_key_type: Any = "S") -> None:  # noqa: ANN401 - boto3's literal
    target.client().create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": sort_key, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": sort_key, "AttributeType": sort_key_type},
        ],
    )


# What is created


def test_a_created_table_holds_exactly_the_seed_items(aws: Target) -> None:
    with opened(aws) as table:
        found = aws.client().scan(TableName=table.name)["Items"]
    expected = list(DATASET.seed_items())
    assert table == Table(name=NAME, is_ours=True, is_seeded=True)
    assert sorted(map(str, (sorted(i.items()) for i in found))) == sorted(
        map(str, (sorted(i.items()) for i in expected))
    )


@pytest.mark.parametrize(
    ("billing", "mode", "units"),
    [
        (None, "PAY_PER_REQUEST", (0, 0)),
        (Billing(), "PAY_PER_REQUEST", (0, 0)),
        (Billing(is_provisioned=True, read_units=7, write_units=5), "PROVISIONED", (7, 5)),
    ],
)
def test_a_created_table_has_the_agreed_key_and_billing(
    aws: Target, billing: Billing | None, mode: str, units: tuple[int, int]
) -> None:
    with opened(aws, billing=billing):
        found = aws.client().describe_table(TableName=NAME)["Table"]
        assert existing_table(aws, NAME, DATASET).name == NAME
    capacity = found["ProvisionedThroughput"]
    assert found["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert found["BillingModeSummary"]["BillingMode"] == mode
    assert (capacity["ReadCapacityUnits"], capacity["WriteCapacityUnits"]) == units


@pytest.mark.parametrize(
    ("billing", "ceiling"),
    [
        (None, {"MaxReadRequestUnits": 40_000, "MaxWriteRequestUnits": 40_000}),
        (
            Billing(read_units=7, write_units=5),
            {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 5},
        ),
        (Billing(is_provisioned=True, read_units=7, write_units=5), None),
    ],
)
def test_a_table_paid_by_request_has_a_ceiling(
    aws: Target, billing: Billing | None, ceiling: dict[str, int] | None
) -> None:
    """The request has to tell: moto keeps none."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(json.loads(params["body"]))

    target = disturbed(aws, {"before CreateTable": note})
    with opened(target, billing=billing):
        [request] = asked
    assert request.get("OnDemandThroughput") == ceiling


def test_a_created_table_has_tags_for_owner_and_expiry(aws: Target) -> None:
    with opened(aws):
        tags = tags_of(aws)
    assert tags.pop("aqp-perf:creation")
    assert tags.pop("aqp-perf:data")
    assert tags == {
        "aqp-perf:suite": "aqp-perf",
        "aqp-perf:run": "r1",
        "aqp-perf:owner": "arn:aws:sts::123456789012:user/moto",
        "aqp-perf:expires": "2030-01-01T12:00:00+00:00",
    }


# How it ends


def test_a_table_is_deleted_when_its_block_ends(aws: Target) -> None:
    with opened(aws):
        assert tables_of(aws) == [NAME]
    assert tables_of(aws) == []


@pytest.mark.parametrize("error", [ValueError("a test's own"), KeyboardInterrupt(), SystemExit(1)])
def test_a_table_is_deleted_when_its_block_fails(aws: Target, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, opened(aws):
        raise error
    assert caught.value is error
    assert tables_of(aws) == []


def test_a_table_to_keep_is_kept_however_its_block_ends(aws: Target) -> None:
    with opened(aws, keep=True):
        pass
    with pytest.raises(KeyboardInterrupt), opened(aws, keep=True, name="aqp_perf_r2"):
        raise KeyboardInterrupt
    assert tables_of(aws) == [NAME, "aqp_perf_r2"]


@pytest.mark.parametrize(
    "moment",
    [
        "before CreateTable",
        "after CreateTable",
        "before DescribeTable",
        "after DescribeTable",
        "before BatchWriteItem",
        "after BatchWriteItem",
    ],
)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), EndpointConnectionError(endpoint_url="x")])
def test_nothing_is_left_when_setting_up_is_cut_short(
    aws: Target, moment: str, error: BaseException
) -> None:
    """Also when CreateTable was done and its answer lost: the tag tells that the table is ours."""
    target = disturbed(aws, {moment: raising(error, None)})
    with pytest.raises((KeyboardInterrupt, TargetUnavailable)) as caught, opened(target):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []
    assert not hasattr(caught.value, "__notes__")


def test_nothing_is_left_after_ctrl_c_in_the_middle_of_seeding(aws: Target) -> None:
    """The signal comes to the main thread, while others write."""
    sent = iter(range(1_000))

    def press_ctrl_c(**_: object) -> None:
        if next(sent) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    target = disturbed(aws, {"before BatchWriteItem": press_ctrl_c})
    with (
        pytest.raises(KeyboardInterrupt),
        opened(target, dataset=orders(items_per_partition=100)),
    ):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []


def test_nothing_is_left_when_the_table_refuses_the_seed_items(aws: Target) -> None:
    event = raising(None, refusal("ValidationException"))
    target = disturbed(aws, {"after BatchWriteItem": event})
    with pytest.raises(TargetUnusable, match="ValidationException"), opened(target):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []


def test_a_table_that_is_never_ready_is_given_up_and_deleted(aws: Target) -> None:
    def say_creating(parsed: dict[str, Any], **_: object) -> None:
        parsed["Table"]["TableStatus"] = "CREATING"

    clock = ManualClock()
    target = disturbed(aws, {"after DescribeTable": say_creating})
    with (
        pytest.raises(TableNotReady, match=f"table '{NAME}' is still CREATING after 180 s"),
        opened(target, clock=clock),
    ):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []
    assert 180 <= clock.monotonic_s() < 182


def test_a_table_that_is_being_created_is_deleted_as_soon_as_it_can_be(aws: Target) -> None:
    """AWS answers ResourceInUseException until then."""
    answers = iter([BUSY, BUSY, None])
    clock = ManualClock()
    target = disturbed(aws, {"before DeleteTable": lambda **_: next(answers)})
    with opened(target, clock=clock):
        pass
    assert tables_of(aws) == []
    assert len(clock.sleeps) == 2


# When it may not be done


def denied(operation: str) -> ClientError:
    error: Any = {"Error": {"Code": "AccessDeniedException", "Message": "No."}}
    return ClientError(error, operation)


@pytest.mark.parametrize(
    "operation", ["CreateTable", "DescribeTable", "BatchWriteItem", "TagResource"]
)
def test_a_missing_permission_is_named_and_nothing_is_left(aws: Target, operation: str) -> None:
    target = disturbed(aws, {f"before {operation}": raising(denied(operation))})
    with (
        pytest.raises(TargetUnusable, match=f"lack the permission for {operation}: ") as caught,
        opened(target),
    ):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []
    assert not hasattr(caught.value, "__notes__")


def test_a_denied_creation_leaves_no_warning_about_a_table_left_behind(aws: Target) -> None:
    operations = ("CreateTable", "DescribeTable", "ListTagsOfResource", "DeleteTable")
    events = {f"before {name}": raising(denied(name)) for name in operations}
    with (
        pytest.raises(TargetUnusable, match="for CreateTable") as caught,
        opened(disturbed(aws, events)),
    ):
        pytest.fail("the block was entered")
    assert not hasattr(caught.value, "__notes__")


def test_a_table_that_may_not_be_deleted_is_named_with_the_permission(aws: Target) -> None:
    target = disturbed(aws, {"before DeleteTable": raising(denied("DeleteTable"))})
    with (
        pytest.raises(TableLeftBehind, match="lack the permission for DeleteTable: "),
        opened(target),
    ):
        pass
    assert tables_of(aws) == [NAME]


# When it cannot be deleted


NO_ANSWER = EndpointConnectionError(endpoint_url="https://gone")


def test_a_table_that_cannot_be_deleted_is_an_error(aws: Target) -> None:
    target = disturbed(aws, {"before DeleteTable": raising(NO_ANSWER)})
    with (
        pytest.raises(TableLeftBehind, match=f"'{NAME}' may be left behind on https://dynamodb"),
        opened(target),
    ):
        pass


def test_a_table_that_cannot_be_deleted_does_not_hide_the_first_error(aws: Target) -> None:
    target = disturbed(aws, {"before DeleteTable": raising(NO_ANSWER)})
    with pytest.raises(ValueError, match="first") as caught, opened(target):
        raise ValueError("first")
    [note] = caught.value.__notes__
    assert note.startswith(f"table '{NAME}' may be left behind on https://dynamodb.eu-west-1")


def test_a_table_that_is_gone_already_is_no_error(aws: Target) -> None:
    with opened(aws) as table:
        aws.client().delete_table(TableName=table.name)
    assert tables_of(aws) == []


def test_a_table_of_unknown_origin_is_left_and_named(aws: Target) -> None:
    """The answer to CreateTable was lost, at an endpoint without tags."""
    events = {
        "after CreateTable": raising(KeyboardInterrupt()),
        "before ListTagsOfResource": raising(refusal("UnknownOperationException")),
    }
    with pytest.raises(KeyboardInterrupt) as caught, opened(disturbed(aws, events)):
        pytest.fail("the block was entered")
    [note] = caught.value.__notes__
    assert "it is unknown whether this run created it" in note
    assert tables_of(aws) == [NAME]


# Tables of others


@pytest.mark.parametrize("has_tags", [True, False])
def test_a_table_that_exists_is_not_touched(aws: Target, has_tags: bool) -> None:  # noqa: FBT001 - a case
    create_by_hand(aws)
    item = {"pk": {"S": "mine"}, "sk": {"S": "too"}}
    aws.client().put_item(TableName=NAME, Item=item)
    refused = raising(refusal("UnknownOperationException"))
    events = {} if has_tags else {"before ListTagsOfResource": refused}
    target = disturbed(aws, events)
    with pytest.raises(TableAlreadyExists, match="was not touched") as caught, opened(target):
        pytest.fail("the block was entered")
    assert aws.client().scan(TableName=NAME)["Items"] == [item]
    assert not hasattr(caught.value, "__notes__")


def test_a_table_of_another_creation_of_the_same_run_is_not_touched(aws: Target) -> None:
    with opened(aws), pytest.raises(TableAlreadyExists), opened(aws):
        pytest.fail("the inner block was entered")
    with opened(aws):
        with pytest.raises(TableAlreadyExists), opened(aws):
            pytest.fail("the inner block was entered")
        assert tables_of(aws) == [NAME]


def test_a_request_that_boto3_repeats_finds_its_own_table(aws: Target) -> None:
    """The first answer was lost on the way, and the second says that the table exists."""

    def create_before(params: dict[str, Any], **_: object) -> None:
        aws.client().create_table(**json.loads(params["body"]))

    target = disturbed(aws, {"before CreateTable": create_before})
    with opened(target) as table:
        assert table.is_ours
    assert tables_of(aws) == []


def test_an_existing_table_is_taken_as_it_is(aws: Target) -> None:
    create_by_hand(aws)
    assert existing_table(aws, NAME, DATASET) == Table(name=NAME, is_ours=False, is_seeded=False)
    assert aws.client().scan(TableName=NAME)["Items"] == []
    assert tables_of(aws) == [NAME]


def test_an_existing_table_that_does_not_exist_is_named_with_its_endpoint(aws: Target) -> None:
    with pytest.raises(TableNotFound, match=f"table '{NAME}' does not exist on https://dynamodb"):
        existing_table(aws, NAME, DATASET)
    assert tables_of(aws) == []


# Whether the data of a table are known


def test_a_kept_table_is_known_by_its_data_and_by_no_other(aws: Target) -> None:
    with opened(aws, keep=True):
        pass
    assert existing_table(aws, NAME, replace(DATASET, key_choice=KeyChoice.HOT)).is_seeded
    assert not existing_table(aws, NAME, replace(DATASET, seed=2)).is_seeded


@pytest.mark.parametrize("moment", ["after BatchWriteItem", "before TagResource"])
def test_a_table_whose_seeding_was_interrupted_does_not_count_as_seeded(
    aws: Target, moment: str
) -> None:
    target = disturbed(aws, {moment: raising(KeyboardInterrupt())})
    with pytest.raises(KeyboardInterrupt), opened(target, keep=True):
        pytest.fail("the block was entered")
    assert not existing_table(aws, NAME, DATASET).is_seeded


@pytest.mark.parametrize("code", ["UnknownOperationException", "AccessDeniedException"])
def test_a_table_whose_tags_are_unknown_does_not_count_as_seeded(aws: Target, code: str) -> None:
    with opened(aws):
        events = {"before ListTagsOfResource": raising(refusal(code))}
        table = existing_table(disturbed(aws, events), NAME, DATASET)
    assert table == Table(name=NAME, is_ours=False, is_seeded=False)


def test_an_endpoint_without_tags_gets_a_seeded_table_all_the_same(aws: Target) -> None:
    events = {"before TagResource": raising(refusal("UnknownOperationException"))}
    local = disturbed(aws, events, kind=TargetKind.DYNAMODB_LOCAL)
    with opened(local) as table:
        assert table.is_seeded


def test_a_table_that_may_not_be_tagged_on_aws_is_not_left(aws: Target) -> None:
    """AWS takes the tags of CreateTable for a TagResource: this is not the first to be refused."""
    events = {"before TagResource": raising(refusal("AccessDeniedException"))}
    with (
        pytest.raises(TargetUnusable, match="AccessDenied"),
        opened(disturbed(aws, events)),
    ):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []


def test_a_table_in_another_account_is_not_used_and_not_left(aws: Target) -> None:
    """Whoever told the account was misled: the table's own name says where it is."""
    elsewhere = disturbed(aws, {}, account="999999999999")
    message = "arn:aws:dynamodb:.*:123456789012:table/aqp_perf_r1 is not in account 999999999999"
    with pytest.raises(TargetUnusable, match=message), opened(elsewhere):
        pytest.fail("the block was entered")
    assert tables_of(aws) == []
    with opened(aws), pytest.raises(TargetUnusable, match=message):
        existing_table(elsewhere, NAME, DATASET)


@pytest.mark.parametrize(("sort_key", "type_"), [("other", "S"), ("sk", "N")])
def test_an_existing_table_with_another_key_is_refused(
    aws: Target, sort_key: str, type_: str
) -> None:
    create_by_hand(aws, sort_key, type_)
    message = (
        f"its key is pk HASH S, {sort_key} RANGE {type_}, that of Order is pk HASH S, sk RANGE S"
    )
    with pytest.raises(TableUnusable, match=message):
        existing_table(aws, NAME, DATASET)


def test_an_existing_table_without_a_sort_key_is_refused(aws: Target) -> None:
    aws.client().create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    with pytest.raises(TableUnusable, match="its key is pk HASH S, that of Order is"):
        existing_table(aws, NAME, DATASET)


def test_an_existing_table_in_the_making_is_not_ready(aws: Target) -> None:
    def say_deleting(parsed: dict[str, Any], **_: object) -> None:
        parsed["Table"]["TableStatus"] = "DELETING"

    create_by_hand(aws)
    target = disturbed(aws, {"after DescribeTable": say_deleting})
    with pytest.raises(TableNotReady, match="is still DELETING"):
        existing_table(target, NAME, DATASET)


@pytest.mark.parametrize("name", ["", "ab", "x" * 256, "a b c"])
def test_a_table_name_is_checked_before_anything_is_asked(name: str) -> None:
    """No target is needed to say so."""
    nowhere: Any = None
    with pytest.raises(InvalidOption, match="a table name is 3 to 255 letters"):
        existing_table(nowhere, name, DATASET)
    with (
        pytest.raises(InvalidOption, match="a table name is 3 to 255 letters"),
        opened(nowhere, name=name),
    ):
        pytest.fail("the block was entered")
