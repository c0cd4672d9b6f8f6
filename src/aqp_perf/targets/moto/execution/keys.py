"""What a table's schema demands of key values, in items and in conditions."""

from dataclasses import dataclass

from aqp_perf.targets.moto.moto_tables import DynamoType, SecondaryIndex, Table
from aqp_perf.targets.moto.refusal import RequestRefused

MAX_HASH_KEY_BYTES = 2048
MAX_RANGE_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySchema:
    """The keys of a table or an index, and the type of each."""

    hash_key: str
    range_key: str | None
    types: dict[str, str]

    def check(self, name: str, value: DynamoType) -> None:
        """Refuse a value that the key attribute ``name`` cannot have; other attributes are free.

        Raises:
            RequestRefused: the value has another type than the key, or is empty.
        """
        if name not in self.types:
            return
        if value.type != self.types[name]:
            raise RequestRefused(
                "Key attribute's data type should match its data type in table's schema: "
                f"Key {name}"
            )
        if value.value == "":
            raise RequestRefused(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty string value. Key: {name}"
            )


def key_schema(table: Table, index: SecondaryIndex | None = None) -> KeySchema:
    """Return the keys of a table, or of one of its indexes."""
    schema = (table if index is None else index).schema
    names = {element["KeyType"]: element["AttributeName"] for element in schema}
    types = {element["AttributeName"]: element["AttributeType"] for element in table.attr}
    return KeySchema(
        hash_key=names["HASH"],
        range_key=names.get("RANGE"),
        types={name: types[name] for name in names.values()},
    )
