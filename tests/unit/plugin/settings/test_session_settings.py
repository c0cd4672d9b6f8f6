"""Settings of a session are consistent, or refused."""

import sys
from collections.abc import Callable

import pytest

from aqp_perf.errors import ExtraMissing, InvalidOption
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.targets import TargetKind

ResolverOf = Callable[..., Resolver]
BASELINES = "--override-ini=perf_baselines"
ANCHOR = "--override-ini=perf_anchor"


def test_prices_come_from_pyproject(resolver: ResolverOf) -> None:
    prices = "\n".join(
        ["[tool.aqp-perf.prices]", "date = 2026-10-01"]
        + [f"{kind}_request_million = 2" for kind in ("read", "write")]
        + [f"{kind}_capacity_hour = 0.5" for kind in ("read", "write")]
    )
    own = resolver(pyproject=prices).session.prices
    assert own is not None
    assert own.label == "prices of 2026-10-01 in pyproject.toml"
    assert resolver().session.prices is None
    with pytest.raises(InvalidOption, match=r"\[tool\.aqp-perf\.prices\]: 3 is not valid"):
        resolver(pyproject="[tool.aqp-perf]\nprices = 3")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--perf-compare-fail=p99 < 10%", "'p99 < 10%' is not valid: write it like 'p99 > 10%'"),
        ("--perf-compare-fail=p99 > 10%", "'p99 > 10%' is not valid: give --perf-compare, too"),
        (
            "--override-ini=perf_compare_allow=cores",
            "'cores' is no part of a fingerprint: use target, profile",
        ),
        (f"{ANCHOR}=ma in", "'ma in' is not valid: write up to 100 letters"),
        (f"{ANCHOR}=best:0", "'best:0' is not valid: write best:N, the best of the last N"),
        (f"{ANCHOR}=best:five", "'best:five' is not valid: write best:N"),
        (f"{ANCHOR}=best:201", "'best:201' is not valid: write best:N"),
        (f"{ANCHOR}=best:5", "perf_anchor: 'best:5' is not valid: give --perf-history, too"),
        ("--perf-save=../main", "'../main' is not valid: write up to 100 letters"),
        ("--perf-compare=ma in", "'ma in' is not valid: write up to 100 letters"),
        ("--perf-save=", "'' is not valid: write up to 100 letters"),
        (f"{BASELINES}=", "'' is not valid: it is empty: give a folder, or s3://bucket/prefix"),
        (f"{BASELINES}=s3://", "'s3://' is not valid: write it like 's3://bucket/prefix'"),
        (f"{BASELINES}=pyproject.toml", "it is a file: give a folder, or s3://bucket/prefix"),
    ],
)
def test_bad_baseline_option_is_refused(resolver: ResolverOf, argument: str, message: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        resolver(argument)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("partitions=10000", "partitions=10000' is not valid: partitions must be below accounts"),
        ("partitions=x", "'partitions=x' is not valid: partitions: it must be a whole number, at"),
        ("partition=5", "'partition=5' is not valid: partition: KEY is one of accounts, "),
        ("partition=5", "; did you mean 'partitions'?"),
        ("", "'' is not valid: write KEY=VALUE,…, as in partitions=50"),
        ("key_choice=cold", "is not valid: key_choice: use one of uniform, zipf, hot"),
    ],
)
def test_bad_data_is_refused(resolver: ResolverOf, argument: str, message: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        resolver(f"--perf-data={argument}").session.dataset(None)
    assert str(caught.value).startswith("--perf-data: ")
    assert message in str(caught.value)


def test_aqp_is_embedded_but_not_on_aws(resolver: ResolverOf) -> None:
    aws = resolver("--perf-target=aws", "--perf-aws-account=123456789012").session

    assert resolver().session.aqp == "embedded"
    assert (aws.target.kind, aws.aqp) == (TargetKind.AWS, "none")


def test_target_none_excludes_an_aqp_and_a_table(resolver: ResolverOf) -> None:
    assert resolver("--perf-target=none").session.aqp == "none"
    assert resolver("--perf-target=none", "--perf-aqp=none").session.aqp == "none"
    for given in ("--perf-aqp=embedded", "--perf-aqp=http://h:2", "--perf-table=orders"):
        with pytest.raises(InvalidOption, match=r"no table with --perf-target=none") as caught:
            resolver("--perf-target=none", given)
        assert caught.value.option == given.partition("=")[0]


@pytest.mark.parametrize("anchor", ["main", ".perf-baselines/main.json"])
def test_an_anchor_that_the_session_would_replace_is_refused(
    resolver: ResolverOf, anchor: str
) -> None:
    with pytest.raises(InvalidOption, match=f"perf_anchor: '.*{anchor}' is not valid: --perf-save"):
        resolver(f"{ANCHOR}={anchor}", "--perf-save=main")


@pytest.mark.parametrize(
    ("options", "missing", "message"),
    [
        (
            ["--perf-target=moto"],
            "moto",
            "--perf-target=moto needs packages that are not installed",
        ),
        (["--perf-target=http://127.0.0.1:1"], "boto3", "--perf-target=http://127.0.0.1:1 needs "),
        (["--perf-target=aws", "--perf-aws-account=123456789012"], "boto3", "-target=aws needs "),
        (["--perf-target=dynamodb-local"], "boto3", "(boto3): pip install 'aqp-perf[aws]'"),
        (["--perf-aqp=embedded"], "sqlglot", "(sqlglot): pip install 'aqp-perf[embedded]'"),
        (["--perf-client=boto3:3"], "boto3", "--perf-client=boto3:3 needs packages that "),
        (["--perf-history=s3://nights/main"], "boto3", "s3://nights/main needs packages that "),
    ],
)
def test_what_is_chosen_has_to_be_installed(
    resolver: ResolverOf,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    missing: str,
    message: str,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ExtraMissing) as caught:
        resolver(*options)
    assert message in str(caught.value)
    assert not any("moto is" in note for note in getattr(caught.value, "__notes__", ()))


def test_what_nobody_chose_is_looked_for_when_it_is_needed(
    resolver: ResolverOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    session = resolver().session
    session.check_installed(needs_target=False, needs_aqp=False)
    with pytest.raises(ExtraMissing, match=r"^--perf-target=moto needs ") as caught:
        session.check_installed(needs_target=True, needs_aqp=False)
    (note,) = caught.value.__notes__
    assert note.startswith("moto is the target unless you name one")
    with pytest.raises(ExtraMissing, match=r"^--perf-aqp=embedded needs "):
        session.check_installed(needs_target=False, needs_aqp=True)


def test_without_a_target_nothing_has_to_be_installed(
    resolver: ResolverOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    session = resolver("--perf-target=none").session
    session.check_installed(needs_target=True, needs_aqp=True)
