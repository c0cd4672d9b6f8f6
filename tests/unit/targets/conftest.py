"""AWS as moto plays it in this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from aqp_perf.targets.kinds.aws import open_aws
from aqp_perf.targets.kinds.target import Target, TargetKind, TargetSpec

ACCOUNT = "123456789012"
"""The account that moto plays."""


@pytest.fixture(scope="module")
def aws_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Play AWS; yield the folder of its configuration files, of which there are none."""
    folder = tmp_path_factory.mktemp("aws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        with mock_aws():
            yield folder


@pytest.fixture(scope="module")
def aws_of_module(aws_settings: Path) -> Iterator[Target]:
    assert aws_settings.is_dir()
    spec = TargetSpec(kind=TargetKind.AWS, account=ACCOUNT, region="eu-west-1")
    with open_aws(spec) as target:
        yield target


@pytest.fixture
def aws(aws_of_module: Target) -> Iterator[Target]:
    """Yield AWS without tables."""
    yield aws_of_module
    client = aws_of_module.client()
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
