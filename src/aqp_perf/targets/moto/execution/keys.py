"""What a table's schema demands of key values, in items and in conditions."""

from dataclasses import dataclass

from aqp_perf.targets.moto.moto_tables import SecondaryIndex, Table
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

MAX_HASH_KEY_BYTES = 2048
MAX_RANGE_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySchema:
    """The keys by which a table or an index is read: hash keys first, and the type of each."""

    hash_keys: tuple[str, ...]
    range_keys: tuple[str, ...]
    types: dict[str, str]

    def check(self, name: str, value: s.AttributeValue) -> None:
        """Refuse a value that no key attribute ``name`` can have; any other attribute is free.

        Raises:
            RequestRefused: the value has another type than the key, or is empty.
        """
        if name not in self.types:
            return
        if self.types[name] not in value:
            raise RequestRefused(
                "Key attribute's data type should match its data type in table's schema: "
                f"Key {name}"
            )
        if value[self.types[name]] == "":
            raise RequestRefused(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty string value. Key: {name}"
            )


def key_schema(table: Table, index: SecondaryIndex | None = None) -> KeySchema:
    """Return the keys of a table, or of one of its indexes."""
    schema = table.schema if index is None else index.schema
    names = [(element["AttributeName"], element["KeyType"]) for element in schema]
    types = {element["AttributeName"]: element["AttributeType"] for element in table.attr}
    return KeySchema(
        hash_keys=tuple(name for name, kind in names if kind == "HASH"),
        range_keys=tuple(name for name, kind in names if kind == "RANGE"),
        types={name: types[name] for name, _ in names},
    )
