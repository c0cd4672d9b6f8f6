"""Precedence: command line > profile chosen there > marker > ini > default."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import compress, product
from pathlib import Path

import pytest

from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.data.dataset import KeyChoice
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.proof.sampling import Verification
from aqp_perf.errors import ConfigError, InvalidOption
from aqp_perf.loadgen.command.argument_values import ClientChoice, ClientKind
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.plugin.settings.option import Scope
from aqp_perf.plugin.settings.option_values import MissingBaseline
from aqp_perf.plugin.settings.options import ARGUMENTS, OPTIONS, PROFILE, THRESHOLD
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.stores.file_store import Place
from aqp_perf.targets import Billing
from tests.doubles.declared import Invoice
from tests.doubles.orders import orders

ResolverOf = Callable[..., Resolver]

RUN_OPTIONS: Mapping[str, tuple[str, str, object]] = {
    "users": ("7", "users", 7),
    "spawn_rate": ("20.5", "spawn_rate", 20.5),
    "run_time": ("1h1m", "run_time_s", 3660.0),
    "stop_timeout": ("7s", "stop_timeout_s", 7.0),
    "warmup": ("500ms", "warmup_s", 0.5),
    "pacing": ("7/s", "pacing", OpenModel.at(7.0)),
    "processes": ("2", "processes", 2),
    "expect_workers": ("3", "expect_workers", 3),
    "master_bind": ("127.0.0.1:7", "master_bind", "127.0.0.1:7"),
    "client": ("boto3:3", "client", ClientChoice(ClientKind.BOTO3, 3)),
    "verify": ("sample:10%", "verify", Verification(0.1)),
    "audit": ("off", "audited_items", 0),
    "item": ("tests.doubles.declared:Invoice", "item", Invoice),
    "proof": ("95%", "proof", 0.95),
    "host": ("https://h/shop", "host", "https://h/shop"),
    "tags": ("slow", "tags", ("slow",)),
}
"""Option → a text that is not its default, attribute of `LoadSettings`, its value."""

DEFAULTS = ("failure_ratio <= 1%",)
"""The thresholds of the default profile."""

SESSION_OPTIONS: Mapping[str, tuple[str, Callable[[Resolver], object], object]] = {
    "target": ("http://h:1", lambda it: it.session.target.url, "http://h:1"),
    "aqp": ("http://h:2/", lambda it: it.session.aqp, "http://h:2"),
    "table": ("orders", lambda it: it.session.table, "orders"),
    "seed": ("-3", lambda it: it.session.seed, -3),
    "billing": (
        "provisioned:5,6",
        lambda it: it.session.billing,
        Billing(is_provisioned=True, read_units=5, write_units=6),
    ),
    "max_cost": ("7.50", lambda it: it.session.max_cost_usd, Decimal("7.50")),
    "run_id": ("nightly-7", lambda it: it.session.run_id, "nightly-7"),
    "json": ("report.json", lambda it: getattr(it.session.json_path, "name", None), "report.json"),
    "progress": ("off", lambda it: it.session.progress, "off"),
    "html": ("a.html", lambda it: getattr(it.session.html_path, "name", None), "a.html"),
    "markdown": ("a.md", lambda it: getattr(it.session.markdown_path, "name", None), "a.md"),
    "history": (
        "s3://nights/main",
        lambda it: it.session.history,
        Place(text="s3://nights/main"),
    ),
    "baselines": ("kept", lambda it: it.session.baselines.place, Place(text="kept")),
    "save": ("main", lambda it: it.session.baselines.save, "main"),
    "compare": ("main", lambda it: it.session.baselines.compare, "main"),
    "anchor": ("release", lambda it: it.session.baselines.anchor, "release"),
    "compare_allow": ("data", lambda it: it.session.baselines.allowed, frozenset({"data"})),
    "compare_missing": (
        "pass",
        lambda it: it.session.baselines.missing,
        MissingBaseline.PASS,
    ),
}
"""Option → a text that is not its default, how to get its value, the value; AWS is below."""

AWS_OPTIONS = {
    "aws_account": ("123456789012", "account"),
    "aws_region": ("eu-west-1", "region"),
    "aws_profile": ("work", "profile"),
    "aws_role_arn": ("arn:aws:iam::123456789012:role/load", "role_arn"),
}


LAYERS = ("command line", "chosen profile", "marker", "marker's profile", "ini", "ini's profile")


def names(is_given: tuple[bool, ...]) -> str:
    return ", ".join(compress(LAYERS, is_given)) or "none"


@pytest.mark.parametrize("is_given", [*product([True, False], repeat=len(LAYERS))], ids=names)
def test_first_layer_with_a_value_wins(resolver: ResolverOf, is_given: tuple[bool, ...]) -> None:
    """The users of a layer are 1, 2 … in the order of the layers; without any, the default."""
    command, chosen, marked, marked_profile, ini, ini_profile = is_given
    pyproject = "\n".join(f"[tool.aqp-perf.profiles.p{n}]\nusers = {n}" for n in (2, 4, 6))
    args = ["--perf-users=1"] * command + ["--perf-profile=p2"] * chosen
    lines = ["perf_users = 5"] * ini + ["perf_profile = p6"] * ini_profile
    marker = dict([("users", 3)] * marked + [("profile", "p4")] * marked_profile)

    load = resolver(*args, ini="\n".join(lines), pyproject=pyproject).load(marker)

    expected = [number for number, given in enumerate(is_given, 1) if given]
    assert load.users == (expected or [40])[0]


def argument(name: str, text: str) -> str:
    """Return what sets an option on the command line."""
    option = next(option for option in OPTIONS if option.name == name)
    return f"{option.flag}={text}" if option.has_flag else f"--override-ini=perf_{name}={text}"


def test_every_option_is_covered_by_this_file() -> None:
    run = {each.name for each in OPTIONS if each.scope is Scope.RUN}
    session = {each.name for each in OPTIONS if each.scope is Scope.SESSION}
    elsewhere = {"compare_fail", "data", "keep_table"}

    others = {PROFILE.name, THRESHOLD.name, ARGUMENTS.name, "ends_itself"}
    assert run == RUN_OPTIONS.keys() | others
    assert session == SESSION_OPTIONS.keys() | AWS_OPTIONS.keys() | elsewhere


@pytest.mark.parametrize(
    "data",
    ['["partitions=12", "key_choice=zipf"]', '{ partitions = 12, key_choice = "zipf" }'],
)
def test_data_has_the_same_value_from_every_layer(resolver: ResolverOf, data: str) -> None:
    pyproject = f"[tool.aqp-perf.profiles.own]\ndata = {data}"
    resolvers = [
        resolver("--perf-data=partitions=12", "--perf-data=key_choice=zipf"),
        resolver("--perf-data=partitions=12,key_choice=zipf"),
        resolver(ini="perf_data =\n    partitions=12\n    key_choice=zipf"),
        resolver("--perf-profile=own", pyproject=pyproject),
    ]
    expected = orders(partitions=12, key_choice=KeyChoice.ZIPF)
    assert [each.session.dataset(None) for each in resolvers] == [expected] * len(resolvers)


def test_each_key_of_the_data_is_that_of_the_highest_layer(resolver: ResolverOf) -> None:
    session = resolver(
        *("--perf-data=partitions=12", "--perf-profile=own"),
        ini="perf_data = partitions=14,accounts=7,customers=8",
        pyproject="[tool.aqp-perf.profiles.own.data]\npartitions = 13\naccounts = 6",
    ).session

    assert session.dataset(None) == orders(partitions=12, accounts=6, customers=8)


def arguments_of(load: LoadSettings) -> list[str]:
    return [word for argument in load.arguments for word in argument.words]


def test_arguments_have_the_same_value_from_every_layer(resolver: ResolverOf) -> None:
    given = {"my_table": "x", "count": 5, "quick": True, "items": ["a", "b"], "none": []}
    texts = ["my_table=x", "count=5", "quick", "items=a", "items=b", "none"]
    toml = 'arguments = {my_table = "x", count = 5, quick = true, items = ["a", "b"], none = []}'
    loads = [
        resolver(*(f"--perf-locust-arg={text}" for text in texts)).load({}),
        resolver(ini="perf_locust_arg =\n    " + "\n    ".join(texts)).load({}),
        resolver("--perf-profile=own", pyproject=f"[tool.aqp-perf.profiles.own]\n{toml}").load({}),
        resolver().load({"arguments": given}),
        resolver().load({"arguments": texts}),
        resolver().load({}, {"arguments": given}),
    ]
    words = ["--my_table=x", "--count=5", "--quick", "--items", "a", "b", "--none"]

    assert [arguments_of(load) for load in loads] == [words] * len(loads)
    assert resolver().load({}).arguments == ()


def test_arguments_of_a_test_stand_above_those_of_the_session(resolver: ResolverOf) -> None:
    """A test computes them, such as the name of its table; those of a call replace the marker's."""
    session = resolver("--perf-locust-arg=table=command", ini="perf_locust_arg = size=ini")

    load = session.load({"arguments": {"table": "marker"}}, {"arguments": {"Table": "call"}})
    marked = session.load({"arguments": {"table": "marker"}})

    assert arguments_of(load) == ["--size=ini", "--table=command", "--Table=call"]
    assert arguments_of(marked) == ["--size=ini", "--table=marker"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"quick": False}, "give quick a text, a number, a list of them, or True for a flag"),
        ({"table": None}, "give table a text, a number, a list of them, or True for a flag"),
        ({"items": [1, True]}, "give items a text, a number, a list of them, or True for a flag"),
        ("table=x", "give names and values, such as {'table': 'orders'}"),
        ({"users": 5}, "'users=5' is not valid: this is no argument for a locustfile: use the"),
        ({"a b": 5}, "'a b=5' is not valid: write NAME=VALUE, or NAME for a flag"),
    ],
)
def test_arguments_that_cannot_be_are_named(resolver: ResolverOf, given: object, text: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        resolver().load({}, {"arguments": given})

    assert str(caught.value).startswith("perf_load(arguments=…): ")
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ('data = "x"', "give names and values, such as {'partitions': '50'}"),
        ('compare_fail = "p99"', "give a list of texts, such as ['p99 > 10%']"),
    ],
)
def test_another_type_in_a_profile_is_told_what_is_right_for_its_option(
    resolver: ResolverOf, line: str, right: str
) -> None:
    with pytest.raises(InvalidOption, match=re.escape(right)):
        resolver("--perf-profile=own", pyproject=f"[tool.aqp-perf.profiles.own]\n{line}")


@pytest.mark.parametrize(
    "host", ["ws://h", "tcp://h:1883", "localhost:50051", "http://[::1]:80/x", "https://é.example"]
)
def test_a_host_may_be_that_of_any_client(resolver: ResolverOf, host: str) -> None:
    assert resolver(f"--perf-host={host}").load({}).host == host


@pytest.mark.parametrize(
    "host",
    ["", " ", "http://h\n", "http://", "https:///x", "http:h", "http://a b", "http://[::1", "-x"],
)
def test_what_can_be_no_host_is_refused(resolver: ResolverOf, host: str) -> None:
    with pytest.raises(
        InvalidOption, match=r"^perf_load\(host=…\): .*: write what Locust's --host"
    ):
        resolver().load({}, {"host": host})


def test_a_password_in_a_host_is_refused_and_not_shown(resolver: ResolverOf) -> None:
    with pytest.raises(
        InvalidOption, match=r"^--perf-host: 'tcp://.*@h' is not valid: creden"
    ) as it:
        resolver("--perf-host=tcp://me:secret@h")

    assert "secret" not in str(it.value)


@pytest.mark.parametrize("tags", ["slow", ["slow"], ("slow",)])
def test_one_tag_may_be_a_text(resolver: ResolverOf, tags: object) -> None:
    assert resolver().load({"tags": tags}).tags == ("slow",)
    with pytest.raises(InvalidOption, match="write a tag"):
        resolver().load({"tags": "--slow"})


def test_comparison_rules_have_the_same_value_from_every_layer(resolver: ResolverOf) -> None:
    pyproject = '[tool.aqp-perf.profiles.own]\ncompare = "main"\ncompare_fail = ["p99 > 10%"]'
    resolvers = [
        resolver("--perf-compare=main", "--perf-compare-fail=p99 > 10%"),
        resolver(ini="perf_compare = main\nperf_compare_fail =\n    p99 > 10%"),
        resolver("--perf-profile=own", pyproject=pyproject),
    ]
    assert {each.session.baselines.rules for each in resolvers} == {
        (ComparisonRule.parse("p99 > 10%"),)
    }
    assert resolver().session.baselines.rules == ()


@pytest.mark.parametrize("name", RUN_OPTIONS)
def test_run_option_has_the_same_value_from_every_layer(resolver: ResolverOf, name: str) -> None:
    text, attribute, value = RUN_OPTIONS[name]
    pyproject = f'[tool.aqp-perf.profiles.own]\n{name} = "{text}"'
    loads = [
        resolver(argument(name, text)).load({}),
        resolver(ini=f"perf_{name} = {text}").load({}),
        resolver("--perf-profile=own", pyproject=pyproject).load({}),
        resolver(pyproject=pyproject).load({"profile": "own"}),
        resolver(pyproject=pyproject, ini="perf_profile = own").load({}),
        resolver().load({name: text}),
        resolver().load({}, {name: text}),
    ]

    assert [getattr(load, attribute) for load in loads] == [value] * len(loads)
    assert getattr(resolver().load({}), attribute) != value, "the text must differ from the default"


def test_a_file_may_end_itself_by_every_layer(resolver: ResolverOf) -> None:
    pyproject = "[tool.aqp-perf.profiles.own]\nends_itself = true"
    loads = [
        resolver("--override-ini=perf_ends_itself=true").load({}),
        resolver("--perf-profile=own", pyproject=pyproject).load({}),
        resolver().load({"ends_itself": True}),
        resolver().load({"ends_itself": False}, {"ends_itself": True}),
    ]

    assert [load.ends_itself for load in loads] == [True] * len(loads)
    assert not resolver().load({"ends_itself": True}, {"ends_itself": False}).ends_itself
    with pytest.raises(InvalidOption, match="write true or false"):
        resolver().load({"ends_itself": "yes"})


@pytest.mark.parametrize("name", SESSION_OPTIONS)
def test_session_option_has_the_same_value_from_every_layer(
    resolver: ResolverOf, name: str
) -> None:
    text, read, value = SESSION_OPTIONS[name]
    pyproject = f'[tool.aqp-perf.profiles.own]\n{name} = "{text}"'
    resolvers = [
        resolver(argument(name, text)),
        resolver(ini=f"perf_{name} = {text}"),
        resolver("--perf-profile=own", pyproject=pyproject),
        resolver(pyproject=pyproject, ini="perf_profile = own"),
    ]

    assert [read(each) for each in resolvers] == [value] * len(resolvers)
    assert read(resolver()) != value, "the text must differ from the default"


@pytest.fixture
def aws_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the AWS configuration have the profile ``work``."""
    (tmp_path / "config").write_text("[profile work]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.fixture
def names_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name a profile that does not exist."""
    monkeypatch.setenv("AWS_PROFILE", "gone")


OWN_AWS_PROFILE = '[tool.aqp-perf.profiles.own]\naws_profile = "gone"'


@pytest.mark.usefixtures("aws_profile", "names_gone")
@pytest.mark.parametrize(
    ("args", "ini", "blamed"),
    [
        (["--perf-aws-profile=gone"], "", "--perf-aws-profile"),
        ([], "perf_aws_profile = gone", "ini key perf_aws_profile"),
        (["--perf-profile=own"], "", "profile 'own' aws_profile"),
        ([], "perf_profile = own", "profile 'own' aws_profile"),
        ([], "", "AWS_PROFILE"),
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        ["--perf-target=aws", "--perf-aws-account=123456789012"],
        ["--perf-history=s3://nights/main"],
    ],
    ids=["target", "bucket"],
)
def test_a_missing_aws_profile_is_blamed_on_what_named_it(
    resolver: ResolverOf, args: list[str], ini: str, blamed: str, use: list[str]
) -> None:
    """Before anything is opened."""
    with pytest.raises(InvalidOption, match=f"^{blamed}: 'gone' is not valid: .* which has work$"):
        resolver(*use, *args, ini=ini, pyproject=OWN_AWS_PROFILE)


@pytest.mark.usefixtures("names_gone")
@pytest.mark.parametrize("target", ["moto", "none", "dynamodb-local", "http://127.0.0.1:8000"])
def test_a_missing_aws_profile_does_not_matter_without_aws(
    resolver: ResolverOf, target: str
) -> None:
    resolver(f"--perf-target={target}")


@pytest.mark.usefixtures("aws_profile")
@pytest.mark.parametrize("name", AWS_OPTIONS)
def test_option_of_aws_is_read_from_command_line_and_ini(resolver: ResolverOf, name: str) -> None:
    text, attribute = AWS_OPTIONS[name]
    given = {"aws_account": "210987654321", name: text}
    args = [f"--perf-{key.replace('_', '-')}={value}" for key, value in given.items()]
    lines = [f"perf_{key} = {value}" for key, value in given.items()]
    targets = [
        resolver("--perf-target=aws", *args).session.target,
        resolver(ini="\n".join(["perf_target = aws", *lines])).session.target,
    ]

    assert [getattr(target, attribute) for target in targets] == [text, text]


def test_target_counts_as_chosen_if_any_layer_names_it(resolver: ResolverOf) -> None:
    own = '[tool.aqp-perf.profiles.own]\ntarget = "moto"'
    assert not resolver().session.names_target
    assert resolver("--perf-target=moto").session.names_target
    assert resolver(ini="perf_target = moto").session.names_target
    assert resolver("--perf-profile=own", pyproject=own).session.names_target


@pytest.mark.parametrize(
    ("args", "ini", "pyproject", "is_kept"),
    [
        ([], "", "", False),
        (["--perf-keep-table"], "", "", True),
        ([], "perf_keep_table = true", "", True),
        ([], "perf_keep_table = false", "", False),
        (["--perf-profile=own"], "", "keep_table = true", True),
        (["--perf-profile=own"], "perf_keep_table = true", "keep_table = false", False),
        (["--perf-profile=own", "--perf-keep-table"], "", "keep_table = false", True),
    ],
)
def test_first_layer_with_keep_table_decides(
    resolver: ResolverOf, args: list[str], ini: str, pyproject: str, *, is_kept: bool
) -> None:
    profile = f"[tool.aqp-perf.profiles.own]\n{pyproject}"

    assert resolver(*args, ini=ini, pyproject=profile).session.keep_table is is_kept


def test_thresholds_of_all_layers_are_combined(resolver: ResolverOf) -> None:
    """A higher layer replaces the same metric of the same operation, or of all without one.

    The first here is of the default profile, which lies below everything else.
    """
    found = resolver(
        "--perf-threshold=median < 1 ms",
        "--perf-profile=own",
        ini="perf_threshold =\n    p90 < 4 ms\n    a: p90 < 4 ms\n    max < 4 ms",
        pyproject='[tool.aqp-perf.profiles.own]\nthresholds = ["median < 2 ms", "a: p99 < 2 ms"]',
    ).load({"thresholds": ["a: median < 3 ms", "p99 < 3 ms", "a: p99 < 3 ms", "a: p90 < 3 ms"]})

    assert [str(each) for each in found.thresholds] == [
        *DEFAULTS,
        "p90 < 4 ms",
        "max < 4 ms",
        "p99 < 3 ms",
        "a: p90 < 3 ms",
        "a: p99 < 2 ms",
        "median < 1 ms",
    ]


def test_thresholds_of_a_call_replace_the_markers(resolver: ResolverOf) -> None:
    marker = {"thresholds": ["median < 1 s", "p99 < 1 s"], "users": 3}

    load = resolver().load(marker, {"thresholds": ["max < 2 s"]})

    assert [str(each) for each in load.thresholds] == [*DEFAULTS, "max < 2 s"]
    assert load.users == 3


def test_session_thresholds_exclude_those_of_the_test(resolver: ResolverOf) -> None:
    load = resolver("--perf-threshold=a: p99 < 1 s", ini="perf_threshold = b: p99 < 1 s").load(
        {"thresholds": ["b: max < 2 s"]}
    )

    assert [str(each) for each in load.session_thresholds] == [
        *DEFAULTS,
        "a: p99 < 1 s",
    ]
    assert len(load.thresholds) == 4


def test_a_threshold_on_all_requests_replaces_that_of_every_operation(resolver: ResolverOf) -> None:
    load = resolver().load({"thresholds": ["all: failure_ratio <= 5%"]})

    assert [str(each) for each in load.thresholds] == ["all: failure_ratio <= 5%"]


def test_changed_default_profile_applies_to_session_and_runs(resolver: ResolverOf) -> None:
    of_project = resolver(pyproject='[tool.aqp-perf.profiles.smoke]\nusers = 3\ntable = "orders"')

    assert of_project.session.table == "orders"
    assert of_project.load({}).users == 3
    assert of_project.load({}).spawn_rate == 40


@pytest.mark.parametrize("line", ['table = "orders"', "keep_table = true"])
def test_profile_of_a_marker_cannot_set_session_options(resolver: ResolverOf, line: str) -> None:
    of_project = resolver(pyproject=f"[tool.aqp-perf.profiles.own]\n{line}")

    with pytest.raises(InvalidOption, match="choose it with --perf-profile"):
        of_project.load({"profile": "own"})


def test_error_names_the_call_for_its_own_arguments(resolver: ResolverOf) -> None:
    with pytest.raises(ConfigError, match=r"^perf_load\(users=…\): '0' is not valid: "):
        resolver().load({"users": 5}, {"users": 0})


def test_abort_rule_does_not_replace_a_threshold_of_its_metric(resolver: ResolverOf) -> None:
    load = resolver(
        "--perf-threshold=abort: failure_ratio > 50%",
        ini="perf_threshold =\n    failure_ratio <= 2%\n    abort: failure_ratio > 90%",
    ).load({})

    assert [str(each) for each in load.thresholds] == [
        "failure_ratio <= 2%",
        "abort: failure_ratio > 50%",
    ]
