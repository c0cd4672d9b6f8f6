"""The IAM policies allow what the code calls, and nothing else."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "deploy" / "aws"
CALLERS = ("aqp", "loadgen", "targets")
NAMED_ONLY = {"permissions.py"}
"""Modules that speak of operations and call none."""

ACTIONS_OF = {
    "ExecuteStatement": {"dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect"},
    "AssumeRole": set[str](),  # of whoever takes the role, not of the role
    "GetCallerIdentity": set[str](),  # granted to everybody
}
CREATING = {
    "dynamodb:BatchWriteItem",
    "dynamodb:CreateTable",
    "dynamodb:DeleteTable",
    "dynamodb:ListTables",
    "dynamodb:TagResource",
}
"""What a run on an existing table does not do."""


def operations() -> dict[str, str]:
    """Return AWS's operations by the names that boto3, and the wire, have for them."""
    session = botocore.session.Session()
    names = [
        name
        for service in ("dynamodb", "sts")
        for name in session.get_service_model(service).operation_names
    ]
    return {**{xform_name(name): name for name in names}, **{name: name for name in names}}


def names_in(module: Path) -> Iterator[str]:
    """Yield the names that a module calls, and its strings: paginators and wire protocol."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute) and "_" in node.attr:
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def called_actions() -> set[str]:
    known, found = operations(), set[str]()
    for folder in CALLERS:
        for module in (ROOT / "src" / "aqp_perf" / folder).rglob("*.py"):
            if "moto" in module.parts or module.name in NAMED_ONLY:
                continue
            found.update(known[name] for name in names_in(module) if name in known)
    return set[str]().union(*(ACTIONS_OF.get(name, {f"dynamodb:{name}"}) for name in found))


def statements(policy: str) -> list[dict[str, object]]:
    loaded: list[dict[str, object]] = json.loads((POLICIES / policy).read_text())["Statement"]
    return loaded


def allowed_actions(policy: str) -> set[str]:
    actions = [statement["Action"] for statement in statements(policy)]
    return {
        action
        for either in actions
        for action in ([either] if isinstance(either, str) else either)  # type: ignore[attr-defined] # JSON
    }


def test_a_run_may_do_all_that_the_code_calls_and_no_more() -> None:
    assert allowed_actions("runner-policy.json") == called_actions()


def test_a_run_on_an_existing_table_neither_creates_nor_deletes() -> None:
    assert allowed_actions("existing-table-policy.json") == called_actions() - CREATING


def test_only_the_list_of_names_reaches_beyond_the_tables_of_the_suite() -> None:
    for statement in statements("runner-policy.json"):
        if statement["Action"] == "dynamodb:ListTables":
            assert statement["Resource"] == "*"
        else:
            assert statement["Resource"] == "arn:aws:dynamodb:*:123456789012:table/aqp_perf_*"


@pytest.mark.parametrize("policy", ["runner-policy.json", "existing-table-policy.json"])
def test_every_action_is_explained(policy: str) -> None:
    explained = set(re.findall(r"`(dynamodb:\w+)`", (POLICIES / "README.md").read_text()))
    assert allowed_actions(policy) <= explained
