"""The schema of a table for the workloads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aqp_perf.targets.tables.billing import Billing
from aqp_perf.targets.tables.tags import boto3_tags

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef, TableDescriptionTypeDef

KEY = "pk HASH S, sk RANGE S"
"""Its key, as `key_of` writes it."""


def table_definition(
    name: str, billing: Billing, tags: Mapping[str, str]
) -> "CreateTableInputTypeDef":
    """Return the arguments of CreateTable."""
    definition: CreateTableInputTypeDef = {
        "TableName": name,
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "Tags": boto3_tags(tags),
    }
    if billing.is_provisioned:
        definition["BillingMode"] = "PROVISIONED"
        definition["ProvisionedThroughput"] = {
            "ReadCapacityUnits": billing.read_units,
            "WriteCapacityUnits": billing.write_units,
        }
    else:
        definition["BillingMode"] = "PAY_PER_REQUEST"
        # moto and DynamoDB Local accept and ignore it.
        definition["OnDemandThroughput"] = {
            "MaxReadRequestUnits": billing.read_units,
            "MaxWriteRequestUnits": billing.write_units,
        }
    return definition


def describe(client: "DynamoDBClient", name: str) -> "TableDescriptionTypeDef | None":
    """Return the description of a table, None when it does not exist; raise what boto3 raises."""
    try:
        return client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None


def key_of(description: "TableDescriptionTypeDef") -> str:
    """Return the key of a table with its types, as in ``pk HASH S, sk RANGE S``."""
    types = {a["AttributeName"]: a["AttributeType"] for a in description["AttributeDefinitions"]}
    return ", ".join(
        f"{k['AttributeName']} {k['KeyType']} {types[k['AttributeName']]}"
        for k in description["KeySchema"]
    )
