"""A declared item as functions: one makes any item, others read its key.

The function is written as source text and compiled once. That of an item with the keys
``ACCOUNT#{account}#CUSTOMER#{customer}`` and ``ORDER#{status}#{id}`` reads::

    def make(partition, item_id, keyed, words):
        account, customer = divmod(partition, 100)
        status = statuses[keyed[2] * 7 >> 32]
        return {
            "pk": {"S": f"ACCOUNT#{account}#CUSTOMER#{customer}"},
            "sk": {"S": f"ORDER#{status}#{item_id}"},
            "status": {"S": status},
            "total": {"N": str(1 + (words[3] * 9 >> 32))},
        }
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from aqp_perf.core.data.containers import members_of
from aqp_perf.core.data.declared_item import ID, PLACEHOLDER, Declaration, Key, Partition
from aqp_perf.core.data.draws import Draws
from aqp_perf.core.data.fields import (
    Attribute,
    CountedField,
    TextField,
    attribute_of,
    base64_text,
    scalar_attribute,
)
from aqp_perf.core.data.item_ids import (
    ItemOrigin,
    item_id,
    item_number,
    read_item_id,
    read_item_number,
)
from aqp_perf.core.data.item_sizes import MOST_BYTES, attribute_bytes, item_bytes
from aqp_perf.errors import InvalidItem

Attributes: TypeAlias = dict[str, Attribute]
"""An item in DynamoDB's JSON."""
Make: TypeAlias = Callable[[int, str, Sequence[int], Sequence[int]], Attributes]
"""Makes an item of its partition, its id, and the words that its key and its other attributes are
drawn from."""

_MOST_KEY_BYTES: Final = (2_048, 1_024)
"""Of a partition key and of a sort key. Source: "Constraints in Amazon DynamoDB", Amazon DynamoDB
Developer Guide."""
_WIDEST_ID: Final = {"S": "0" * 36, "B": "0" * 36, "N": "9" * 38}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledItem:
    """What is known of the items of one declaration with certain sizes.

    Args:
        declaration: with these sizes.
        make: makes an item.
        id_of: makes its id.
        words: makes the words of an item from its name.
        widest: no item takes more bytes.
    """

    declaration: Declaration
    make: Make
    id_of: Callable[[ItemOrigin], str]
    words: Callable[[bytes], Sequence[int]]
    widest: Attributes

    @property
    def counts(self) -> list[int]:
        """How many there are of each number of a partition."""
        return [partition.count for partition in self.declaration.partitions.values()]

    @property
    def partitions(self) -> int | None:
        """How many partitions there can be; None: each item is one."""
        return self.declaration.partition_count({})

    def _numbers(self, partition: int) -> list[int]:
        """Return the numbers of a partition; the first changes last."""
        numbers = []
        for count in reversed(self.counts):
            partition, number = divmod(partition, count)
            numbers.append(number)
        return numbers[::-1]

    def partition_key(self, partition: int) -> Attribute:
        """Return the partition key of a partition; not for items that are one each."""
        key = self.declaration.keys[self.declaration.partition_key]
        numbers = map(str, self._numbers(partition))
        texts = dict(zip(self.declaration.partitions, numbers, strict=True))
        return _key_value(key, _filled(key.template, texts))

    def partition_of(self, value: Attribute) -> int | None:
        """Return which partition has this key; None when none has, or each item is one."""
        declaration = self.declaration
        key = declaration.keys[declaration.partition_key]
        found = _match(key, value, "[0-9]{1,18}")
        if found is None or not declaration.partitions:
            return None
        partition = 0
        for name, count in zip(declaration.partitions, self.counts, strict=True):
            partition = partition * count + int(found[name])
        # A number that is too large, or has zeros before it, gives another key.
        return partition if self.partition_key(partition) == value else None

    def origin_of(self, item: Mapping[str, Attribute]) -> ItemOrigin | None:
        """Return which item has this key, as far as the id says; None when it has no id of ours."""
        name, key = self.declaration.id_key
        found = _match(key, item.get(name, {}), ".*?")
        if found is None:
            return None
        return read_item_number(found[ID]) if key.type == "N" else read_item_id(found[ID])


def compile_item(declaration: Declaration, sizes: Mapping[str, int]) -> CompiledItem:
    """Compile a declaration.

    Args:
        declaration: of an item.
        sizes: counts that replace the declared ones, by name.

    Raises:
        InvalidItem: its items or keys can be larger than DynamoDB takes.
    """
    declaration = _resized(declaration, sizes)
    draws = Draws()
    lines = []
    numbers = [draws.local() for _ in declaration.partitions]
    texts = dict(zip(declaration.partitions, numbers, strict=True))
    for number, one in reversed([*zip(numbers, declaration.partitions.values(), strict=True)][1:]):
        lines.append(f"partition, {number} = divmod(partition, {one.count})")
    if numbers:
        lines.append(f"{numbers[0]} = partition")
    draws.words = "keyed"
    ready: dict[str, str] = {}
    for key in declaration.keys.values():
        for name in key.placeholders:
            field = declaration.members.get(name)
            if isinstance(field, TextField) and name not in texts:
                texts[name] = draws.local()
                lines.append(f"{texts[name]} = {field.text(draws)}")
                ready[name] = attribute_of(next(iter(field.widest)), texts[name])
    draws.words = "words"
    draws.constants["base64_text"] = base64_text
    for name, key in declaration.keys.items():
        ready[name] = _key_source(key, texts)
    lines.append(f"return {members_of(declaration.members, draws, ready)}")
    source = "def make(partition, item_id, keyed, words):\n    " + "\n    ".join(lines)
    namespace = draws.constants
    exec(compile(source, f"<items of {declaration.name}>", "exec"), namespace)  # noqa: S102 - ours
    widest = _widest(declaration)
    _check_sizes(declaration, widest)
    return CompiledItem(
        declaration=declaration,
        make=namespace["make"],
        id_of=item_number if declaration.id_key[1].type == "N" else item_id,
        words=draws.word_source(),
        widest=widest,
    )


def _resized(declaration: Declaration, sizes: Mapping[str, int]) -> Declaration:
    return replace(
        declaration,
        partitions={name: _with_size(one, sizes) for name, one in declaration.partitions.items()},
        members={name: _with_size(one, sizes) for name, one in declaration.members.items()},
    )


def _with_size(field: Any, sizes: Mapping[str, int]) -> Any:  # noqa: ANN401 - a field of any kind
    has_count = isinstance(field, Partition | CountedField)
    return replace(field, count=sizes[field.size]) if has_count and field.size in sizes else field


def _key_source(key: Key, texts: Mapping[str, str]) -> str:
    names = {**texts, ID: "item_id"}
    parts = PLACEHOLDER.split(key.template)  # texts and names in turn
    parts[1::2] = [f"{{{names[name]}}}" for name in parts[1::2]]
    parts[::2] = [text.replace("{", "{{").replace("}", "}}") for text in parts[::2]]
    text = f"f{''.join(parts)!r}"
    return attribute_of(key.type, f"base64_text({text}.encode())" if key.type == "B" else text)


def _key_value(key: Key, text: str) -> Attribute:
    return scalar_attribute(text.encode()) if key.type == "B" else {key.type: text}


def _filled(template: str, texts: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: texts[found[1]], template)


def _match(key: Key, value: Attribute, other: str) -> re.Match[str] | None:
    """Match a key value with its template; ``other`` is a pattern of all parts but the id."""
    text = value.get(key.type)
    if not isinstance(text, str):
        return None
    if key.type == "B":
        try:
            text = base64.b64decode(text, validate=True).decode()
        except ValueError:  # not base64, or not UTF-8
            return None
    parts = PLACEHOLDER.split(key.template)
    pattern = re.escape(parts[0])
    seen: set[str] = set()
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        of_name = "[0-9a-f-]{36}|[0-9]{1,38}" if name == ID else other
        group = f"(?P<{name}>" if name.isidentifier() and name not in seen else "(?:"
        seen.add(name)
        pattern += f"{group}{of_name}){re.escape(after)}"
    return re.fullmatch(pattern, text, re.DOTALL)


def _widest(declaration: Declaration) -> Attributes:
    longest = {name: str(one.count - 1) for name, one in declaration.partitions.items()}
    longest |= {
        name: field.longest
        for name, field in declaration.members.items()
        if isinstance(field, TextField)
    }
    widest = {}
    for name, field in declaration.members.items():
        if isinstance(field, Key):
            texts = {**longest, ID: _WIDEST_ID[field.type]}
            widest[name] = _key_value(field, _filled(field.template, texts))
        else:
            widest[name] = field.widest
    return widest


def _check_sizes(declaration: Declaration, widest: Attributes) -> None:
    for name, most in zip(declaration.keys, _MOST_KEY_BYTES, strict=False):
        if (size := attribute_bytes(widest[name])) > most:
            raise InvalidItem(
                f"item {declaration.name}: the key {name} takes up to {size:,} bytes; "
                f"DynamoDB takes {most:,}"
            )
    if (size := item_bytes(widest)) > MOST_BYTES:
        raise InvalidItem(
            f"item {declaration.name}: it takes up to {size:,} bytes; DynamoDB takes {MOST_BYTES:,}"
        )
