import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from unittest.mock import patch

import pytest

from aqp_perf.core.comparison.compare import FALSE_ALARM_RATIO, compare
from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.pacing import OWN_PACING
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.results_document import results_document, results_text
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.results.series import history_name
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict
from aqp_perf.errors import BaselineUnusable, TargetUnusable
from aqp_perf.plugin.results.baselines import Baselines, environment_fingerprint
from aqp_perf.plugin.runs.judging import with_comparisons
from aqp_perf.plugin.settings.option_values import MissingBaseline
from aqp_perf.plugin.settings.session_settings import BaselineSettings
from aqp_perf.reports.lines import Line, Style
from aqp_perf.stores.file_store import Place
from tests.doubles.measuring import Measuring
from tests.unit.core.comparison.test_compare import operation_of

TEST = "tests/test_write.py::test_write"
RULE = ComparisonRule.parse("p99 > 10%")
HERE = environment_fingerprint()

BaselinesOf = Callable[..., Baselines]


@pytest.fixture
def baselines(tmp_path: Path) -> BaselinesOf:
    """Return the baselines of a project, with some settings."""

    def create(**settings: object) -> Baselines:
        values: dict[str, object] = {
            "place": Place(text="kept"),
            "save": None,
            "compare": None,
            "rules": (RULE,),
            "allowed": frozenset(),
            "missing": MissingBaseline.ERROR,
            "anchor": None,
            "history": None,
        }
        return Baselines(BaselineSettings(**{**values, **settings}), tmp_path)  # type: ignore[arg-type] # one fixture for all fields

    return create


def run(
    verdict: Verdict = Verdict.PASS, fingerprint: RunFingerprint | None = HERE, test: str = TEST
) -> JudgedRun:
    return JudgedRun(
        test=test,
        target=TargetInfo(kind="none", endpoint="", label="none"),
        profile={},
        seed=1,
        run=RunResult(
            command=("locust",),
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            duration_s=10.0,
            users=1,
            generator=GeneratorHealth(processes=1),
            operations=(),
        ),
        verdict=RunVerdict(verdict=verdict),
        fingerprint=fingerprint,
    )


def report(*runs: JudgedRun) -> ResultsFile:
    return ResultsFile(started_at=datetime(2026, 1, 1, tzinfo=UTC), environment={}, runs=runs)


def test_what_is_saved_can_be_compared_with(baselines: BaselinesOf) -> None:
    saving = baselines(save="main")
    assert saving.save(report(run())) == Line("baseline saved as main in kept")
    later = baselines(compare="main")
    later.check_environment()
    later.check_run(TEST, 0, HERE)
    assert len(later.compare(0, run())) == 1


def test_a_result_file_is_a_baseline(baselines: BaselinesOf) -> None:
    baselines(save="main").save(report(run()))
    baselines(compare="kept/main.json").check_run(TEST, 0, HERE)


def test_without_a_baseline_nothing_is_compared(baselines: BaselinesOf) -> None:
    assert baselines().compare(0, run()) == ()


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INVALID, Verdict.NO_DATA])
def test_only_runs_that_pass_replace_a_baseline(baselines: BaselinesOf, verdict: Verdict) -> None:
    baselines(save="main").save(report(run()))
    saving = baselines(save="main")
    line = saving.save(report(run(test="another"), run(verdict)))
    assert line == Line("baseline main not saved: 1 of 2 runs did not pass")
    assert not saving.is_lost
    baselines(compare="main").check_run(TEST, 0, HERE)


def test_a_change_that_is_not_proven_does_not_become_the_baseline(
    baselines: BaselinesOf, tmp_path: Path
) -> None:
    """It passes, and saved night after night would move what later nights are compared with."""
    change = Change(
        operation="write", metric="p99", before=20.0, after=23.0, change_ratio=0.15, ci95=None
    )
    unproven = ComparisonJudgement(
        operation="write", rule=RULE, change=change, chance=0.02, verdict=Verdict.PASS
    )
    comparison = Comparison(baseline="main", judgements=(unproven,))

    line = baselines(save="main").save(report(run(), replace(run(), comparison=comparison)))

    assert line == Line(
        f"baseline main not saved: {TEST} (run 2): write p99 20 ms -> 23 ms, +15% (allowed: 10%): "
        "worse than the rule allows, and not proven"
    )
    assert not (tmp_path / "kept").exists()


def test_a_session_without_load_replaces_no_baseline(baselines: BaselinesOf) -> None:
    saving = baselines(save="main")
    assert saving.save(report()) == Line("baseline main not saved: no load was run")


SAVED = "baseline saved as main in .perf-baselines"
NOT_GREEN = "baseline main not saved: the session is not green"
LATE = """
class Late:
    'Has its say last, as the limit of warnings has.'

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session): session.exitstatus = 6
"""


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("def test_b(): pass", SAVED),
        ("def test_b(): assert False", NOT_GREEN),
        ("def test_b(): pytest.exit('enough', returncode=0)", NOT_GREEN),
        ("def test_b(): raise KeyboardInterrupt", NOT_GREEN),
        ("def test_b(request): request.config.pluginmanager.register(Late())", NOT_GREEN),
    ],
    ids=["whole", "failed", "cut short", "interrupted", "red at the very end"],
)
def test_only_a_green_session_becomes_a_baseline(
    pytester: pytest.Pytester, then: str, told: str
) -> None:
    """The runs it has have all passed; those it lacks would have nothing to compare with."""
    pytester.makepyfile(f"import pytest\n{LATE}\ndef test_a(measure): measure()\n{then}")
    args = [f"-pno:{each}" for each in ("locust", "cacheprovider", "hypothesispytest")]

    result = pytester.runpytest_inprocess(*args, "--perf-save=main", plugins=[Measuring()])

    assert told in result.stdout.lines
    assert (pytester.path / ".perf-baselines" / "main.json").exists() == (told == SAVED)


def test_of_two_sessions_at_once_one_baseline_is_left_whole(
    baselines: BaselinesOf, tmp_path: Path
) -> None:
    sizes = (1, 50)
    ready = Barrier(len(sizes))

    def save(count: int) -> None:
        saving, all_runs = baselines(save="main"), report(*[run()] * count)
        ready.wait()
        saving.save(all_runs)

    threads = [Thread(target=save, args=(count,)) for count in sizes]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    held = json.loads((tmp_path / "kept/main.json").read_text())
    assert len(held["runs"]) in sizes
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["main.json"]


def test_an_unknown_name_is_told_with_those_there_are(baselines: BaselinesOf) -> None:
    with pytest.raises(BaselineUnusable, match="none in kept, which has none at all: save one"):
        baselines(compare="main")
    baselines(save="main").save(report(run()))
    baselines(save="other").save(report(run()))
    with pytest.raises(BaselineUnusable, match=r"baseline mian: .* which has main, other"):
        baselines(compare="mian")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON, or cut short"),
        ('{"schema_version": 1, "runs": [', "not JSON, or cut short"),
        ("[" * 100_000, "not JSON, or cut short"),
        ('{"runs": [], "runs": []}', "an object has the key 'runs' more than once"),
        ("[]", "results: Expected `object`"),
        ('{"schema_version": 2}', "schema_version 2, this version reads 1"),
        ('{"schema_version": 1}', "results.runs is missing"),
    ],
)
def test_a_file_that_is_no_result_is_refused(
    baselines: BaselinesOf, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(BaselineUnusable) as caught:
        baselines(compare="bad.json")
    assert str(caught.value).startswith("baseline bad.json: ")
    assert message in str(caught.value)


def test_a_cut_off_result_is_refused(baselines: BaselinesOf, tmp_path: Path) -> None:
    baselines(save="main").save(report(run()))
    whole = (tmp_path / "kept/main.json").read_bytes()
    (tmp_path / "kept/main.json").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BaselineUnusable, match="cut short"):
        baselines(compare="main")


def test_a_file_without_end_is_not_read_to_its_end(baselines: BaselinesOf, tmp_path: Path) -> None:
    (tmp_path / "big.json").write_text("[" + "1," * 100)
    with (
        patch("aqp_perf.plugin.results.baselines._MOST_BYTES", 100),
        pytest.raises(BaselineUnusable, match="cut short"),
    ):
        baselines(compare="big.json")


def test_what_is_no_file_is_not_opened(baselines: BaselinesOf) -> None:
    with pytest.raises(BaselineUnusable, match="is not a regular file"):
        baselines(compare="/dev/zero")
    with pytest.raises(BaselineUnusable, match="there is no such file"):
        baselines(compare="missing.json")


def test_a_place_that_takes_no_files_is_known_before_any_load(
    baselines: BaselinesOf, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text("a file in the way")
    with pytest.raises(BaselineUnusable, match="baseline main: "):
        baselines(save="main")


def test_a_baseline_that_cannot_be_saved_costs_the_green(
    baselines: BaselinesOf, tmp_path: Path
) -> None:
    saving = baselines(save="main")
    (tmp_path / "kept").write_text("a file in the way")
    line = saving.save(report(run()))
    assert saving.is_lost
    assert line is not None
    assert line.style is Style.BAD
    assert line.text.startswith("ERROR: baseline main not saved: ")


def test_a_bucket_without_permission_is_known_before_any_load(baselines: BaselinesOf) -> None:
    denied = TargetUnusable("s3://bucket/p", "the credentials lack the permission s3:PutObject")
    with (
        patch("aqp_perf.stores.object_store.ObjectStore.check_writable", side_effect=denied),
        pytest.raises(BaselineUnusable, match="lack the permission s3:PutObject"),
    ):
        baselines(save="main", place=Place(text="s3://bucket/p", region="eu-west-1"))


def test_another_machine_is_refused_by_name(baselines: BaselinesOf) -> None:
    other = RunFingerprint(
        versions=HERE.versions, machine={**HERE.machine, "architecture": "abacus"}
    )
    baselines(save="main").save(report(run(fingerprint=other)))
    here = HERE.machine["architecture"]
    message = f"not comparable: machine: architecture abacus against {here}: measure as it was, "
    with pytest.raises(BaselineUnusable, match=message):
        baselines(compare="main").check_environment()
    baselines(compare="main", allowed=frozenset({"machine"})).check_environment()


def test_another_load_is_refused_by_name(baselines: BaselinesOf) -> None:
    baselines(save="main").save(report(run(fingerprint=RunFingerprint(profile={"users": "10"}))))
    now = RunFingerprint(profile={"users": "20"})
    with pytest.raises(BaselineUnusable, match="not comparable: profile: users 10 against 20"):
        baselines(compare="main").check_run(TEST, 0, now)
    with pytest.raises(
        BaselineUnusable, match=r"allow .* with -o perf_compare_allow=data,profile$"
    ):
        baselines(compare="main", allowed=frozenset({"data"})).check_run(TEST, 0, now)
    baselines(compare="main", allowed=frozenset({"profile"})).check_run(TEST, 0, now)


def paced(text: str) -> RunFingerprint:
    return RunFingerprint(profile={"pacing": text})


def test_a_pacing_that_no_user_took_keeps_no_run_from_being_compared(
    baselines: BaselinesOf,
) -> None:
    """Which pacing was used is known when the run has ended."""
    baselines(save="main").save(report(run(fingerprint=paced(OWN_PACING))))
    later = baselines(compare="main")

    later.check_run(TEST, 0, paced("50/s"))

    (compared,) = later.compare(0, run(fingerprint=paced(OWN_PACING)))
    assert compared.reason == ""


@pytest.mark.parametrize(("then", "now"), [(OWN_PACING, "50/s"), ("50/s", OWN_PACING)])
def test_a_run_that_turns_out_to_be_paced_otherwise_is_not_compared(
    baselines: BaselinesOf, then: str, now: str
) -> None:
    baselines(save="main").save(report(run(fingerprint=paced(then))))
    later = baselines(compare="main")

    later.check_run(TEST, 0, paced("50/s"))

    (compared,) = later.compare(0, run(fingerprint=paced(now)))
    assert compared.verdicts == (Verdict.NO_DATA,)
    assert compared.reason == (
        f"baseline main: not comparable: profile: pacing {then} against {now}"
    )
    allowing = baselines(compare="main", allowed=frozenset({"profile"}))
    (allowed,) = allowing.compare(0, run(fingerprint=paced(now)))
    assert allowed.reason == ""


@pytest.mark.parametrize(("then", "now"), [(OWN_PACING, "think"), ("100/s", "50/s")])
def test_a_pacing_that_will_differ_is_refused_before_the_load(
    baselines: BaselinesOf, then: str, now: str
) -> None:
    baselines(save="main").save(report(run(fingerprint=paced(then))))
    with pytest.raises(BaselineUnusable, match=f"profile: pacing {then} against {now}: measure"):
        baselines(compare="main").check_run(TEST, 0, paced(now))


def test_a_baseline_cannot_move_the_cursor(pytester: pytest.Pytester) -> None:
    """Its texts are those of whoever wrote the file."""
    hostile = RunFingerprint(versions={**HERE.versions, "evil\x1b[31m": "1"}, machine=HERE.machine)
    text = json.dumps(results_document(report(run(fingerprint=hostile))))
    (pytester.path / "hostile.json").write_text(text)
    pytester.makepyfile("def test_it(perf_load): pass")

    args = ("-p", "no:hypothesispytest", "--perf-compare=hostile.json")
    result = pytester.runpytest_inprocess(*args)

    assert "versions: evil\\x1b[31m 1 against nothing" in result.stderr.str()
    assert "evil\x1b" not in result.stderr.str()


def test_a_store_cannot_move_the_cursor(pytester: pytest.Pytester) -> None:
    """What it answers is shown when a baseline cannot be saved."""
    pytester.makepyfile("def test_it(measure): measure()")
    args = ("-pno:hypothesispytest", "--perf-save=main", "--perf-json=report.json")

    with patch("aqp_perf.stores.file_store.FolderStore.write", side_effect=OSError("\x1b[2J")):
        result = pytester.runpytest_inprocess(*args, plugins=[Measuring()])

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.stdout.lines[-1] == "ERROR: baseline main not saved: \\x1b[2J"


def test_an_invalid_run_is_no_baseline(baselines: BaselinesOf, tmp_path: Path) -> None:
    invalid = RunVerdict(verdict=Verdict.INVALID, invalid_reasons=("too few users",))
    spoiled = results_document(report(replace(run(), verdict=invalid)))
    (tmp_path / "spoiled.json").write_text(json.dumps(spoiled))
    with pytest.raises(BaselineUnusable, match=r"its run of .* is INVALID: too few users"):
        baselines(compare="spoiled.json").check_run(TEST, 0, HERE)


def test_a_result_from_before_fingerprints_is_refused(
    baselines: BaselinesOf, tmp_path: Path
) -> None:
    (tmp_path / "old.json").write_text(json.dumps(results_document(report(run(fingerprint=None)))))
    with pytest.raises(BaselineUnusable, match="save it again"):
        baselines(compare="old.json").check_run(TEST, 0, HERE)


def test_runs_are_matched_by_test_and_number(baselines: BaselinesOf) -> None:
    baselines(save="main").save(report(run(), run(test="another")))
    later = baselines(compare="main")
    for test, number in ((TEST, 1), ("new", 0)):
        later.check_run(test, number, RunFingerprint(profile={"users": "1"}))
        (compared,) = later.compare(number, run(test=test))
        assert compared.verdicts == (Verdict.NO_DATA,)
        assert compared.reason == "baseline main has no such run of this test"


def test_a_superseded_run_is_no_baseline(baselines: BaselinesOf) -> None:
    """It neither keeps the results from being saved, nor is compared with."""
    replaced = replace(run(Verdict.FAIL, replace(HERE, data={"seed": "2"})), superseded=True)
    line = baselines(save="main").save(report(replaced, run()))
    assert line == Line("baseline saved as main in kept")

    baselines(compare="main").check_run(TEST, 0, HERE)


def test_a_session_of_superseded_runs_alone_is_no_baseline(baselines: BaselinesOf) -> None:
    line = baselines(save="main").save(report(replace(run(), superseded=True)))
    assert line == Line("baseline main not saved: no load was run")


def test_a_first_session_can_pass_and_leaves_what_the_next_is_compared_with(
    baselines: BaselinesOf,
) -> None:
    first = baselines(compare="main", save="main", missing=MissingBaseline.PASS)
    first.check_environment()
    first.check_run(TEST, 0, HERE)
    (compared,) = first.compare(0, run())
    assert compared.verdicts == (Verdict.PASS,)
    assert compared.reason == "baseline main: there is none in kept, which has none at all"
    first.save(report(run()))
    (reference,) = baselines(compare="main").references
    assert reference.sessions == (report(run()),)


def test_a_new_test_can_pass_beside_a_baseline_that_does_not_have_it(
    baselines: BaselinesOf,
) -> None:
    baselines(save="main").save(report(run()))
    later = baselines(compare="main", missing=MissingBaseline.PASS)
    (compared,) = later.compare(0, run(test="new"))
    assert compared.verdicts == (Verdict.PASS,)
    assert compared.reason == "baseline main has no such run of this test"


def test_an_anchor_is_compared_with_beside_the_baseline(baselines: BaselinesOf) -> None:
    for name in ("main", "release"):
        baselines(save=name).save(report(run()))
    later = baselines(compare="main", anchor="release", save="main")
    later.check_environment()
    later.check_run(TEST, 0, HERE)

    both = later.compare(0, run())

    assert [each.title for each in both] == ["baseline main", "anchor release"]
    judged = with_comparisons(run(), both)
    assert (judged.comparison, judged.anchor_comparison) == both


def test_an_anchor_alone_is_compared_with(baselines: BaselinesOf) -> None:
    baselines(save="release").save(report(run()))
    (compared,) = baselines(anchor="release").compare(0, run())
    assert with_comparisons(run(), [compared]).comparisons == (compared,)


@pytest.mark.parametrize("missing", MissingBaseline)
def test_an_anchor_that_is_missing_is_an_error(
    baselines: BaselinesOf, missing: MissingBaseline
) -> None:
    """No session makes it: a wrong name would hold nothing for ever."""
    with pytest.raises(BaselineUnusable, match=r"^anchor relaese: there is none in kept"):
        baselines(anchor="relaese", missing=missing)


def test_an_anchor_measured_in_another_way_is_refused_by_name(baselines: BaselinesOf) -> None:
    baselines(save="release").save(report(run(fingerprint=paced("100/s"))))
    message = (
        "^anchor release: not comparable: profile: pacing 100/s against 50/s: .* another anchor"
    )
    with pytest.raises(BaselineUnusable, match=message):
        baselines(anchor="release").check_run(TEST, 0, paced("50/s"))


def measured(latency_ms: float, failures: int = 0) -> JudgedRun:
    operation = operation_of([latency_ms] * 1_000, frozenset(range(failures)))
    return replace(run(), run=replace(run().run, operations=(operation,)))


@pytest.fixture
def nights(tmp_path: Path) -> Place:
    """Return a history: of four nights the second is the fastest, but it did not pass."""
    place = Place(text=str(tmp_path / "history"))
    for day, (latency_ms, failures, verdict) in enumerate(
        [(20, 3, Verdict.PASS), (10, 0, Verdict.FAIL), (30, 1, Verdict.PASS), (25, 5, Verdict.PASS)]
    ):
        night = replace(measured(latency_ms, failures), verdict=RunVerdict(verdict=verdict))
        session = replace(report(night), started_at=datetime(2026, 1, 1 + day, tzinfo=UTC))
        place.open(tmp_path).add(history_name(session, "night"), results_text(session))
    return place


@pytest.mark.parametrize(("last", "median_ms", "failure_ratio"), [(2, 25, 0.001), (9, 20, 0.001)])
def test_each_figure_is_held_against_the_best_of_the_last_sessions_that_passed(
    baselines: BaselinesOf, nights: Place, last: int, median_ms: float, failure_ratio: float
) -> None:
    later = baselines(anchor=f"best:{last}", history=nights)
    later.check_environment()
    later.check_run(TEST, 0, HERE)

    (compared,) = later.compare(0, measured(40))

    before = {change.metric: change.before for change in compared.changes}
    assert before["median"] == pytest.approx(median_ms, rel=0.001)
    assert before["failure_ratio"] == failure_ratio
    assert compared.title == f"anchor best:{last}"
    assert compared.verdicts == (Verdict.FAIL,)


def test_sessions_measured_in_another_way_are_not_among_the_best(
    baselines: BaselinesOf, nights: Place, tmp_path: Path
) -> None:
    faster = replace(measured(5), fingerprint=RunFingerprint(profile={"users": "1"}))
    session = replace(report(faster), started_at=datetime(2026, 2, 1, tzinfo=UTC))
    nights.open(tmp_path).add(history_name(session, "other"), results_text(session))
    later = baselines(anchor="best:5", history=nights)

    (compared,) = later.compare(0, measured(20))

    assert {change.before for change in compared.changes if change.metric == "median"} == {20.015}


def test_a_history_in_which_nothing_passed_is_an_error_unless_it_may_be_missing(
    baselines: BaselinesOf, tmp_path: Path
) -> None:
    history = Place(text=str(tmp_path / "empty"))
    with pytest.raises(
        BaselineUnusable, match=r"^anchor best:3: no session of the history has pas"
    ):
        baselines(anchor="best:3", history=history)
    first = baselines(anchor="best:3", history=history, missing=MissingBaseline.PASS)
    (compared,) = first.compare(0, run())
    assert (compared.verdicts, compared.is_doubtful) == ((Verdict.PASS,), True)


def test_both_comparisons_share_the_false_alarms_of_a_session(baselines: BaselinesOf) -> None:
    for name in ("main", "release"):
        baselines(save=name).save(report(measured(20)))
    with patch("aqp_perf.plugin.results.references.compare", wraps=compare) as spy:
        baselines(compare="main", anchor="release").compare(0, measured(20))
    shares = [call.kwargs["false_alarm_ratio"] for call in spy.call_args_list]
    assert shares == [FALSE_ALARM_RATIO / 2] * 2


@pytest.mark.parametrize(
    ("then", "now", "staged"),
    [
        ("50..200/s@1m", "50..200/s@1m", [True]),
        ("50/s@1m,50/s@2m", "50/s@1m,50/s@2m", [False]),
        ("50/s", "50/s", [False]),
        (OWN_PACING, OWN_PACING, [False]),
        ("50..200/s@1m", "50..100/s@1m", [False]),
    ],
)
def test_equal_stages_are_compared_slice_by_slice(
    baselines: BaselinesOf, then: str, now: str, staged: list[bool]
) -> None:
    baselines(save="main").save(report(replace(measured(20), fingerprint=paced(then))))
    later = baselines(compare="main", allowed=frozenset({"profile"}))
    with patch("aqp_perf.plugin.results.references.compare", wraps=compare) as spy:
        later.compare(0, replace(measured(20), fingerprint=paced(now)))
    assert [call.kwargs["is_staged"] for call in spy.call_args_list] == staged


def test_a_damaged_baseline_is_not_a_missing_one(baselines: BaselinesOf, tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"schema_version": 1')
    with pytest.raises(BaselineUnusable, match="cut short"):
        baselines(compare="cut.json", missing=MissingBaseline.PASS)
