from pathlib import Path

import pytest

from aqp_perf.errors import TargetMissing
from aqp_perf.targets.kinds.dynamodb_local import find_home, open_dynamodb_local


def jar_in(folder: Path) -> Path:
    folder.mkdir()
    (folder / "DynamoDBLocal.jar").touch()
    return folder


def test_the_variable_names_the_folder_of_the_jar(tmp_path: Path) -> None:
    home = jar_in(tmp_path / "elsewhere")
    jar_in(tmp_path / ".dynamodb-local")
    assert find_home({"DYNAMODB_LOCAL_HOME": str(home)}, tmp_path) == home


def test_without_the_variable_the_project_s_own_folder_is_looked_at(tmp_path: Path) -> None:
    home = jar_in(tmp_path / ".dynamodb-local")
    assert find_home({}, tmp_path) == find_home({"DYNAMODB_LOCAL_HOME": ""}, tmp_path) == home


def test_a_relative_folder_is_one_of_the_working_directory(tmp_path: Path) -> None:
    home = jar_in(tmp_path / "emulator")
    assert find_home({"DYNAMODB_LOCAL_HOME": "emulator"}, tmp_path) == home


def test_a_missing_jar_is_an_error_with_every_way_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(TargetMissing) as caught:
        find_home({}, tmp_path)
    message = str(caught.value)
    assert message.startswith(
        "DynamoDB Local is not installed on this machine: run 'make dynamodb-local'"
    )
    assert "AWS's download" in message
    assert "npm pack amplify-dynamodb-simulator" in message
    assert "set DYNAMODB_LOCAL_HOME" in message


def test_a_folder_without_a_jar_is_named(tmp_path: Path) -> None:
    """It is not passed over for another one: the user meant it."""
    jar_in(tmp_path / ".dynamodb-local")
    with pytest.raises(TargetMissing, match=r"DYNAMODB_LOCAL_HOME is nowhere, without Dyn"):
        find_home({"DYNAMODB_LOCAL_HOME": "nowhere"}, tmp_path)


def test_no_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMODB_LOCAL_HOME", str(jar_in(tmp_path / "home")))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetMissing, match="it needs java"), open_dynamodb_local():
        pytest.fail("it was opened")
