import pytest
from botocore.exceptions import ClientError

from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.access.client import errors_of
from aqp_perf.targets.access.permissions import missing_action

ME = "arn:aws:iam::123456789012:user/me"


def denied(message: str, operation: str, code: str = "AccessDeniedException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def test_the_action_that_aws_names_is_the_one_that_is_missing() -> None:
    """Tags in a CreateTable need another permission than the table."""
    message = (
        f"User: {ME} is not authorized to perform: dynamodb:TagResource on resource: "
        "arn:aws:dynamodb:eu-west-1:123456789012:table/aqp_perf_r1 because no identity-based "
        "policy allows the dynamodb:TagResource action"
    )
    assert missing_action(denied(message, "CreateTable")) == "dynamodb:TagResource"


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("CreateTable", "dynamodb:CreateTable"),
        ("TagResource", "dynamodb:TagResource"),
        ("DescribeTable", "dynamodb:DescribeTable"),
        ("BatchWriteItem", "dynamodb:BatchWriteItem"),
        ("ListTagsOfResource", "dynamodb:ListTagsOfResource"),
        ("DeleteTable", "dynamodb:DeleteTable"),
        ("ExecuteStatement", "dynamodb:PartiQLInsert or dynamodb:PartiQLSelect"),
        ("GetCallerIdentity", "sts:GetCallerIdentity"),
        ("AssumeRole", "sts:AssumeRole"),
        ("GetRoleCredentials", "sso:GetRoleCredentials"),
    ],
)
def test_without_a_message_the_action_is_derived_from_the_operation(
    operation: str, action: str
) -> None:
    assert missing_action(denied("", operation)) == action
    with (
        pytest.raises(TargetUnusable, match=f"the credentials lack the permission {action}: "),
        errors_of("https://dynamodb.example"),
    ):
        raise denied("", operation)
