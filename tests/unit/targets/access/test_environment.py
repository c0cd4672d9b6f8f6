from pprint import pformat

from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.targets.access.environment import isolated_environment, server_environment

AWS_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)


@given(st.dictionaries(st.sampled_from(AWS_VARIABLES), st.just("the user's own")))
def test_nothing_of_the_user_s_aws_settings_is_left(base: dict[str, str]) -> None:
    isolated = isolated_environment(base, "eu-west-1")
    assert "the user's own" not in isolated.values()
    assert isolated == isolated_environment({}, "eu-west-1")


def test_credentials_are_dummies_and_every_way_to_others_is_shut() -> None:
    isolated = isolated_environment({}, "eu-west-1")
    assert (isolated["AWS_ACCESS_KEY_ID"], isolated["AWS_SECRET_ACCESS_KEY"]) == ("local", "local")
    assert isolated["AWS_EC2_METADATA_DISABLED"] == "true"
    assert isolated["AWS_CONFIG_FILE"] == isolated["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert isolated["AWS_REGION"] == isolated["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_everything_else_stays() -> None:
    base = {"PATH": "/bin", "AWS_CA_BUNDLE": "/ca.pem", "PERF_AQP_USER": "me"}
    isolated = isolated_environment(base, "eu-west-1")
    assert base.items() <= isolated.items()


def test_loopback_joins_the_hosts_that_need_no_proxy() -> None:
    isolated = isolated_environment({"NO_PROXY": "example.com"}, "eu-west-1")
    assert isolated["NO_PROXY"] == isolated["no_proxy"] == "example.com,127.0.0.1,localhost"


def test_a_server_gets_no_credentials_of_the_aqp() -> None:
    base = {"PERF_AQP_USER": "user", "PERF_AQP_PASSWORD": "word", "AWS_SECRET_ACCESS_KEY": "key"}

    environment = server_environment({**base, "PATH": "/bin"}, "us-east-1")

    assert not {"user", "word", "key"} & set(environment.values())
    assert environment["PATH"] == "/bin"


def test_an_environment_does_not_show_its_values() -> None:
    environment = isolated_environment({"PERF_AQP_PASSWORD": "word"}, "us-east-1")

    assert "word" in environment.values()
    assert "word" not in repr(environment) + pformat([environment])
