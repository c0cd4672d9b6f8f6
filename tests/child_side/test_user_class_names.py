"""A mistyped user class or tag is an error before the load that lists the existing ones."""

import argparse
import sys
from pathlib import Path

import pytest
from locust.util.load_locustfile import load_locustfile

from aqp_perf.loadgen.command.measurement_arguments import known_tag, known_user_class

BUYERS = """
from locust import HttpUser, TaskSet, User, tag, task


class Buyer(User):
    @task
    class Visit(TaskSet):
        @tag("slow", "search")
        @task
        def search(self):
            pass

    @tag("fast")
    @task
    def buy(self):
        pass


class Shopper(User):
    abstract = True


class Seller(User):
    pass
"""
OWN = """
from buyers import Buyer, Shopper


class Browser(Shopper):
    abstract = False
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A locustfile that locust has imported, and its command."""
    path = tmp_path / "own.py"
    path.write_text(OWN)
    (tmp_path / "buyers.py").write_text(BUYERS)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    load_locustfile(str(path))
    monkeypatch.setattr(sys, "argv", ["locust", "-f", str(path), "--headless"])
    return path


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("name", ["Browser", "Buyer"])
def test_a_class_that_the_locustfile_has_or_imports_is_known(name: str) -> None:
    assert known_user_class(name) == name


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("name", ["Byer", "Shopper", "Seller"])
def test_any_other_is_refused_with_those_that_locust_would_find(name: str) -> None:
    """An abstract one, too, and one that only a module below the locustfile has."""
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        known_user_class(name)

    assert str(caught.value) == f"no user class {name}: there is Browser, Buyer"


@pytest.mark.usefixtures("own")
def test_a_tag_is_that_of_a_task_of_any_class() -> None:
    """With another one the users would have nothing to do."""
    assert (known_tag("fast"), known_tag("slow")) == ("fast", "slow")

    with pytest.raises(argparse.ArgumentTypeError) as caught:
        known_tag("slwo")
    assert str(caught.value) == "no tag slwo: there is fast, search, slow"


def test_the_classes_of_all_locustfiles_are_known(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyers = own.with_name("buyers.py")
    monkeypatch.setattr(sys, "argv", ["locust", "-f", f"{own},{buyers}"])

    assert known_user_class("Seller") == "Seller"


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("locustfile", ["-", "https://127.0.0.1:9/own.py"])
def test_locust_itself_tells_of_files_that_it_fetches(
    monkeypatch: pytest.MonkeyPatch, locustfile: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["locust", "--worker", "-f", locustfile])

    assert known_user_class("Anything") == "Anything"
    assert known_tag("anything") == "anything"
