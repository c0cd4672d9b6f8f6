"""Which permission a caller lacks, as IAM policies name it."""

import re

from botocore.exceptions import ClientError

_NAMED = re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)")
"""As in "User: <ARN> is not authorized to perform: dynamodb:CreateTable on resource: <ARN>"."""

OTHER_ACTIONS = {
    "AssumeRole": "sts:AssumeRole",
    "AssumeRoleWithWebIdentity": "sts:AssumeRoleWithWebIdentity",
    "GetCallerIdentity": "sts:GetCallerIdentity",
    "GetRoleCredentials": "sso:GetRoleCredentials",
    "ExecuteStatement": "dynamodb:PartiQLInsert or dynamodb:PartiQLSelect",
    "ListObjectsV2": "s3:ListBucket",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
}
"""The actions of operations that are not DynamoDB's, or are called otherwise than their action."""


def missing_action(error: ClientError) -> str:
    """Return the action that was denied, as in ``dynamodb:CreateTable``.

    AWS's message names it, and it need not be the operation's own: tags in a CreateTable need
    ``dynamodb:TagResource``. Without such a message it is derived from the operation.
    """
    named = _NAMED.search(error.response.get("Error", {}).get("Message", ""))
    if named is not None:
        return named["action"]
    return OTHER_ACTIONS.get(error.operation_name, f"dynamodb:{error.operation_name}")
