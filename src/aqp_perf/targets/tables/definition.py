"""The definition of a table: its schema and billing, and its capacity as DynamoDB reports it."""

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Final

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.load.bottlenecks import NEW_TABLE_PER_S, TableCapacity
from aqp_perf.errors import TableNotFound
from aqp_perf.targets.access.client import errors_of
from aqp_perf.targets.kinds.target import Target, TargetKind
from aqp_perf.targets.tables.billing import Billing
from aqp_perf.targets.tables.table import Table
from aqp_perf.targets.tables.tags import boto3_tags

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.literals import KeyTypeType
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef, TableDescriptionTypeDef

_KEY_KINDS: "Final[tuple[KeyTypeType, ...]]" = ("HASH", "RANGE")


def table_definition(
    name: str, keys: Mapping[str, Any], billing: Billing, tags: Mapping[str, str]
) -> "CreateTableInputTypeDef":
    """Return the arguments of CreateTable.

    Args:
        name: of the table.
        keys: attribute of the partition key, and of the sort key if there is one → its type.
        billing: how it is paid for.
        tags: name → value.
    """
    definition: CreateTableInputTypeDef = {
        "TableName": name,
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": of_type} for key, of_type in keys.items()
        ],
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, _KEY_KINDS, strict=False)
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


def key_text(keys: Mapping[str, str]) -> str:
    """Return a key as `key_of` writes it."""
    kinds = zip(keys.items(), _KEY_KINDS, strict=False)
    return ", ".join(f"{name} {kind} {of_type}" for (name, of_type), kind in kinds)


def key_of(description: "TableDescriptionTypeDef") -> str:
    """Return the key of a table with its types, as in ``pk HASH S, sk RANGE S``."""
    types = {a["AttributeName"]: a["AttributeType"] for a in description["AttributeDefinitions"]}
    return ", ".join(
        f"{k['AttributeName']} {k['KeyType']} {types[k['AttributeName']]}"
        for k in description["KeySchema"]
    )


def table_capacity(target: Target, table: Table) -> TableCapacity:
    """Ask for the capacity of a table.

    Raises:
        TableNotFound: it is gone.
        TargetUnavailable, TargetUnusable: the target does not answer, or refuses.
    """
    with errors_of(target.endpoint):
        description: Mapping[str, Any] | None = describe(target.client(), table.name)
    if description is None:
        raise TableNotFound(table.name, target.endpoint)
    is_on_aws = target.kind is TargetKind.AWS
    warm = _units(description.get("WarmThroughput"), "ReadUnitsPerSecond", "WriteUnitsPerSecond")
    if warm is None and table.is_ours and is_on_aws:
        warm = NEW_TABLE_PER_S
    return TableCapacity(
        provisioned=_units(
            description.get("ProvisionedThroughput"), "ReadCapacityUnits", "WriteCapacityUnits"
        ),
        warm=warm,
        ceiling=_units(
            description.get("OnDemandThroughput"), "MaxReadRequestUnits", "MaxWriteRequestUnits"
        ),
        is_on_aws=is_on_aws,
    )


def _units(throughput: Mapping[str, int] | None, read: str, write: str) -> Units | None:
    """Return the reported limits; 0 and -1 mean no limit, and one of the two may be missing."""
    reported = throughput or {}
    limits = [limit if (limit := reported.get(key, 0)) > 0 else inf for key in (read, write)]
    if min(limits) == inf:
        return None
    return Units(read=limits[0], write=limits[1])
