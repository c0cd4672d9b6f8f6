"""Two options that write the same file are refused before either writes it."""

import os
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.plugin.settings.resolver import Resolver

ResolverOf = Callable[..., Resolver]

OPTIONS = ("--perf-json", "--perf-html", "--perf-markdown", "--junitxml")


@pytest.mark.parametrize(("first", "second"), [*combinations(OPTIONS, 2)])
def test_two_options_with_the_same_file_are_refused(
    resolver: ResolverOf, pytester: pytest.Pytester, first: str, second: str
) -> None:
    path = pytester.path / "same.out"

    with pytest.raises(InvalidOption) as caught:
        resolver(f"{first}=same.out", f"{second}=new/../same.out")

    assert str(caught.value) == (
        f"{second}: '{path}' is not valid: {first} writes this file, too: give each one of its own"
    )


@pytest.mark.parametrize("option", OPTIONS)
def test_report_cannot_have_the_file_of_a_saved_baseline(
    resolver: ResolverOf, pytester: pytest.Pytester, option: str
) -> None:
    kept = pytester.mkdir("kept")
    (pytester.path / "link").symlink_to(kept)

    with pytest.raises(InvalidOption, match=f"^--perf-save: .* {option} writes this file, too"):
        resolver("--perf-save=main", f"{option}=link/main.json", ini="perf_baselines = kept")


def test_report_cannot_have_the_file_of_the_job_summary(
    resolver: ResolverOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would replace what other steps of the job wrote there."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")

    with pytest.raises(InvalidOption, match="GITHUB_STEP_SUMMARY writes this file, too"):
        resolver("--perf-markdown=summary.md")


@pytest.mark.parametrize("name", ["loop", "x" * 300])
def test_a_path_that_pytest_cannot_write_is_left_to_pytest(
    resolver: ResolverOf, pytester: pytest.Pytester, name: str
) -> None:
    (pytester.path / "loop").symlink_to("loop")

    resolver(f"--junitxml={name}")


def test_ini_keys_are_checked_too(resolver: ResolverOf) -> None:
    with pytest.raises(InvalidOption, match="--perf-json writes this file, too"):
        resolver("--perf-html=same.out", ini="perf_json = same.out")


def test_results_may_replace_the_baseline_they_are_compared_with(resolver: ResolverOf) -> None:
    resolver("--perf-compare=results.json", "--perf-json=results.json", "--perf-save=main")
    resolver("--perf-save=main", "--perf-json=main.json", ini="perf_baselines = s3://kept")


def test_a_pipe_and_a_device_may_be_shared(resolver: ResolverOf) -> None:
    read, write = os.pipe()
    for shared in ("/dev/null", f"/dev/fd/{write}"):
        resolver(*(f"{option}={shared}" for option in OPTIONS))
    os.close(read)
    os.close(write)


def test_a_link_to_a_file_is_the_file(resolver: ResolverOf, pytester: pytest.Pytester) -> None:
    Path("link").symlink_to(pytester.path / "results.json")

    with pytest.raises(InvalidOption, match="--perf-json writes this file, too"):
        resolver("--perf-json=results.json", "--perf-markdown=link")
