"""A profile that does not exist is one sentence, which names what named it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.targets.access.aws_profile import check_profile
from aqp_perf.targets.access.environment import isolated_environment
from aqp_perf.targets.kinds.endpoint import local_target, open_endpoint
from aqp_perf.targets.kinds.target import TargetKind

Configure = Callable[[str], None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Write the AWS configuration."""
    file = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))

    def write(text: str) -> None:
        file.write_text(text)

    return write


@pytest.mark.parametrize(
    ("variables", "blamed", "value"),
    [
        ({"AWS_PROFILE": "prod"}, "AWS_PROFILE", "'prod'"),
        ({"AWS_DEFAULT_PROFILE": "prod"}, "AWS_DEFAULT_PROFILE", "'prod'"),
        ({"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, "AWS_DEFAULT_PROFILE", "'b'"),
        ({"AWS_PROFILE": ""}, "AWS_PROFILE", "''"),
    ],
)
def test_a_variable_is_blamed_if_no_option_names_a_profile(
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    blamed: str,
    value: str,
) -> None:
    configure("[profile load]\n[profile a b]\n[profile nightly]\n")
    for name, text in variables.items():
        monkeypatch.setenv(name, text)

    with pytest.raises(InvalidOption) as caught:
        check_profile(None)

    assert str(caught.value).startswith(f"{blamed}: {value} is not valid: no such profile")
    assert str(caught.value).endswith("which has load, nightly")


def test_what_gave_the_profile_is_blamed_before_a_variable(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("[profile load]\n")
    monkeypatch.setenv("AWS_PROFILE", "load")

    with pytest.raises(InvalidOption, match=r"^ini key perf_aws_profile: 'prod' is not valid"):
        check_profile("prod", "ini key perf_aws_profile")


def test_without_a_configuration_there_is_no_profile() -> None:
    with pytest.raises(InvalidOption, match=r"which has none at all$"):
        check_profile("prod")


def test_a_profile_that_exists_or_is_not_named_is_fine(configure: Configure) -> None:
    check_profile(None)
    configure("[profile load]\n")
    check_profile("load")


def test_a_configuration_that_cannot_be_read_is_not_blamed_on_the_profile(
    configure: Configure,
) -> None:
    configure("[profile load\n")
    check_profile("load")


def test_an_endpoint_is_signed_for_with_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    with (
        pytest.raises(InvalidOption, match=r"^AWS_PROFILE: 'prod' is not valid"),
        open_endpoint("http://127.0.0.1:9"),
    ):
        pytest.fail("it was opened")


@pytest.mark.parametrize("kind", [TargetKind.MOTO, TargetKind.DYNAMODB_LOCAL])
def test_our_own_servers_need_no_profile(kind: TargetKind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")

    target = local_target(kind, "http://127.0.0.1:9")

    assert target.client().meta.endpoint_url == "http://127.0.0.1:9"
    assert "AWS_PROFILE" not in target.environment()
    assert "AWS_PROFILE" not in isolated_environment(os.environ, "us-east-1")
