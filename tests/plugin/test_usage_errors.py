"""A bad value ends pytest with exit code 4 and a message, before anything is created."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from aqp_perf.plugin.settings.options import OPTIONS as TABLE

USAGE_ERROR = pytest.ExitCode.USAGE_ERROR

OPTIONS = [
    (
        ["--perf-target", "motto"],
        (
            "unknown target 'motto': use one of moto, dynamodb-local, aws, none, or the "
            "http(s):// URL of a DynamoDB-compatible endpoint; did you mean 'moto'?; "
            "given by --perf-target"
        ),
    ),
    (
        ["--perf-target", "localhost:8000"],
        (
            "unknown target 'localhost:8000': use one of moto, dynamodb-local, aws, none, or the "
            "http(s):// URL of a DynamoDB-compatible endpoint; did you mean "
            "'http://localhost:8000'?; given by --perf-target"
        ),
    ),
    (
        ["--perf-target", "https://dynamodb.eu-west-1.amazonaws.com"],
        (
            "--perf-target: 'https://dynamodb.eu-west-1.amazonaws.com' is not valid: this is AWS "
            "itself: give --perf-target aws, with --perf-aws-account"
        ),
    ),
    (
        ["--perf-target", "aws"],
        (
            "--perf-aws-account is missing: give the 12 digits of the one AWS account that "
            "may be used"
        ),
    ),
    (
        ["--perf-aqp", "localhost:8080"],
        (
            "--perf-aqp: 'localhost:8080' is not valid: use embedded, none, or the URL of an AQP: "
            "write it like 'http://127.0.0.1:8000': http or https, a host, perhaps a port"
        ),
    ),
    (
        ["--perf-aqp", "http://user:secret@127.0.0.1:8080"],
        (
            "--perf-aqp: 'http://***@127.0.0.1:8080' is not valid: use embedded, none, or the URL "
            "of an AQP: credentials come from the environment, not from the URL; write it like "
            "'http://127.0.0.1:8000': http or https, a host, perhaps a port"
        ),
    ),
    (
        ["--perf-profile", "smok"],
        (
            "--perf-profile: 'smok' is not valid: use one of smoke, seed, nightly, or add "
            "[tool.aqp-perf.profiles.smok]"
        ),
    ),
    (
        ["--perf-users", "0"],
        "--perf-users: '0' is not valid: it must be a whole number, at least 1",
    ),
    (
        ["--perf-users=-3"],
        "--perf-users: '-3' is not valid: it must be a whole number, at least 1",
    ),
    (
        ["--perf-spawn-rate", "0"],
        "--perf-spawn-rate: '0' is not valid: it must be a number above 0, users per second",
    ),
    (
        ["--perf-run-time", "0"],
        (
            "--perf-run-time: '0' is not valid: '0' must be more than 0: "
            "write seconds or a time like 30, 30s, 5m, 1h30m, 500ms"
        ),
    ),
    (
        ["--perf-run-time", "2.5s"],
        "--perf-run-time: '2.5s' is not valid: locust takes whole seconds",
    ),
    (
        ["--override-ini=perf_stop_timeout=-1"],
        (
            "ini key perf_stop_timeout: '-1' is not valid: '-1' is not a duration: write seconds "
            "or a time like 30, 30s, 5m, 1h30m, 500ms"
        ),
    ),
    (
        ["--perf-warmup", "10s", "--perf-run-time", "10s"],
        "the warm-up of 10 s leaves nothing of the run time of 10 s to measure",
    ),
    (
        ["--perf-pacing", "0/s"],
        "--perf-pacing: '0/s' is not valid: the arrival rate must be above 0/s, got 0/s",
    ),
    (
        ["--perf-pacing", "fast"],
        (
            "--perf-pacing: 'fast' is not valid: write 'think' (closed model, random waits), "
            "'none' (closed model, as fast as answers come) or a rate such as '200/s' (open model, "
            "arrivals per second in all)"
        ),
    ),
    (
        ["--perf-pacing", "50/s,200/s@2m"],
        (
            "--perf-pacing: '50/s,200/s@2m' is not valid: the stage 50/s needs a time, as in "
            "'50/s@30s'"
        ),
    ),
    (
        ["--perf-pacing", "50/s@30s,200/s@2m"],
        (
            "the stages of 50/s@30s,200/s@2m take 2m30s, longer than the run time of 12s: raise "
            "--perf-run-time to 2m30s"
        ),
    ),
    (
        ["--perf-client=fast:2"],
        (
            "--perf-client: 'fast:2' is not valid: the fast client sends each request once: use "
            "fast, or boto3:2"
        ),
    ),
    (
        ["--perf-threshold", "abort: failure_ratio < 50%"],
        (
            "--perf-threshold: 'abort: failure_ratio < 50%' is not valid: an abort rule "
            "says what is too much: use > or >="
        ),
    ),
    (
        ["--perf-processes", "two"],
        (
            "--perf-processes: 'two' is not valid: it must be a whole number, at least 1, or auto: "
            "one less than there are cores"
        ),
    ),
    (
        ["--perf-processes", "2", "--perf-expect-workers", "3"],
        (
            "2 local processes and 3 remote workers do not go together: start a worker on this "
            "machine too, as on the others"
        ),
    ),
    (
        ["--perf-master-bind", "5557"],
        "--perf-master-bind: '5557' is not valid: write it like '0.0.0.0:5557'",
    ),
    (
        ["--perf-host", "http://"],
        (
            "--perf-host: 'http://' is not valid: write what Locust's --host takes, such as "
            "'https://shop.example'"
        ),
    ),
    (
        ["--perf-locust-arg", "users=5"],
        (
            "--perf-locust-arg: 'users=5' is not valid: this is no argument for a locustfile: use "
            "the option users"
        ),
    ),
    (
        ["--perf-client", "curl"],
        "--perf-client: 'curl' is not valid: use fast, boto3, or boto3:3 for up to 3 attempts",
    ),
    (
        ["--override-ini=perf_verify=some"],
        (
            "ini key perf_verify: 'some' is not valid: write 'all', 'off' or a part of the answers "
            "such as 'sample:10%'"
        ),
    ),
    (
        ["--perf-proof", "30%"],
        (
            "--perf-proof: '30%' is not valid: write 'off', or a confidence from 50% to 99.9%, "
            "such as 95%"
        ),
    ),
    (
        ["--override-ini=perf_audit=0"],
        (
            "ini key perf_audit: '0' is not valid: write 'off', or up to how many items the whole "
            "table is read: 1000000"
        ),
    ),
    (
        ["--perf-run-id", "1st"],
        (
            "--perf-run-id: '1st' is not valid: the real AQP rewrites '_1' and 'json' in queries: "
            "choose another name"
        ),
    ),
    (
        ["--perf-seed", "1.5"],
        "--perf-seed: '1.5' is not valid: it must be a whole number",
    ),
    (
        ["--perf-table", "no spaces"],
        (
            "--perf-table: 'no spaces' is not valid: a table name is 3 to 255 letters, digits, "
            "'_', '.' or '-'"
        ),
    ),
    (
        ["--perf-billing", "provisioned:0,5"],
        "--perf-billing: 'provisioned:0,5' is not valid: ",
    ),
    (
        ["--perf-json", "test_it.py/report.json"],
        (
            "--perf-json: 'test_it.py/report.json' is not valid: give a file in a folder that "
            "takes files: Not a directory"
        ),
    ),
    (["--perf-json="], "--perf-json: '' is not valid: it is empty: give a file"),
    (
        ["--perf-json", "."],
        "--perf-json: '.' is not valid: it is a folder: give a file",
    ),
    (
        ["--perf-threshold", "p99 300"],
        (
            "--perf-threshold: 'p99 300' is not valid: write it like 'p99 < 250 ms' or "
            "'write_to_ddb: failure_ratio <= 0.1%'"
        ),
    ),
    (
        ["--perf-threshold", "p99 =< 300"],
        (
            "--perf-threshold: 'p99 =< 300' is not valid: unknown operator '=<': use one of <, <=, "
            ">, >="
        ),
    ),
    (
        ["--perf-threshold", "medain < 300 ms"],
        (
            "--perf-threshold: 'medain < 300 ms' is not valid: unknown metric 'medain', did you "
            "mean 'median'?"
        ),
    ),
    (
        ["--perf-threshold", "p99 < 300 min"],
        (
            "--perf-threshold: 'p99 < 300 min' is not valid: unknown unit 'min' for p99: use ms or "
            "s or us"
        ),
    ),
]

REMOVED = [
    (
        "--perf-abort-after=50",
        "write the number into the rule, 'abort: failure_ratio > 50% after 200'",
    ),
    ("--perf-max-attempts=3", "write the number into the client, --perf-client=boto3:3"),
    ("--perf-key-choice=zipf", "use --perf-data=key_choice=zipf"),
    ("--perf-items-per-partition=5", "use --perf-data=items_per_partition=N"),
    ("--perf-baselines=kept", "use the ini key perf_baselines, or -o perf_baselines=…"),
    ("--perf-audit=off", "use the ini key perf_audit, or -o perf_audit=…"),
    ("--perf-stop-timeout=5", "use the ini key perf_stop_timeout, or -o perf_stop_timeout=…"),
    (
        "--perf-compare-missing",
        "use the ini key perf_compare_missing, or -o perf_compare_missing=…",
    ),
]

INI = [
    ("perf_users = 0", "ini key perf_users: '0' is not valid: it must be a whole number"),
    ("perf_profile = x", "ini key perf_profile: 'x' is not valid: use one of smoke, seed, nightly"),
    ("perf_target = x", "unknown target 'x': use one of moto, dynamodb-local, aws, none, or "),
    ("perf_aqp = x", "ini key perf_aqp: 'x' is not valid: use embedded, none, or "),
    ("perf_table = x", "ini key perf_table: 'x' is not valid: a table name is 3 to 255 letters"),
    (
        "perf_json = test_it.py/x",
        "ini key perf_json: 'test_it.py/x' is not valid: give a file in a folder that",
    ),
    (
        "perf_threshold =\n    p99 < 1 s\n    p99 300",
        "ini key perf_threshold: 'p99 300' is not valid: write it like 'p99 < 250 ms'",
    ),
]

PROFILES = [
    (
        "partitions = 5",
        "profile 'own' partitions: this option is gone: use --perf-data=partitions=N",
    ),
    (
        "data = { partitions = 0 }",
        "profile 'own' data: 'partitions=0' is not valid: partitions: it must be a whole number, ",
    ),
    (
        "profile = 'seed'",
        "profile 'own' profile: 'seed' is not valid: there is no such option: use target, aqp, ",
    ),
    (
        "users = 0",
        "profile 'own' users: '0' is not valid: it must be a whole number, at least 1",
    ),
    (
        "user = 3",
        "profile 'own' user: ",
    ),
    (
        'thresholds = ["p99 300"]',
        "profile 'own' thresholds: 'p99 300' is not valid: write it like 'p99 < 250 ms'",
    ),
    (
        'thresholds = "p99 < 300 ms"',
        (
            "profile 'own' thresholds: 'p99 < 300 ms' is not valid: give a list of "
            "texts, such as ['p99 < 300 ms']"
        ),
    ),
    (
        "users = { a = 1 }",
        "profile 'own' users: {'a': 1} is not valid: write one text or number",
    ),
]

MARKERS = [
    (
        "abort_after=5",
        "@pytest.mark.perf(abort_after=…): this option is gone: write the number into the rule, ",
    ),
    (
        "users=0",
        "@pytest.mark.perf(users=…): '0' is not valid: it must be a whole number, at least 1",
    ),
    (
        "usres=5",
        "@pytest.mark.perf(usres=…): 5 is not valid: there is no such option: use ",
    ),
    (
        "target='moto'",
        (
            "@pytest.mark.perf(target=…): 'moto' is not valid: it holds for the whole session: "
            "give --perf-target"
        ),
    ),
    (
        "profile='smok'",
        "@pytest.mark.perf(profile=…): 'smok' is not valid: use one of smoke, seed, nightly",
    ),
    (
        "thresholds=['p99 300']",
        "@pytest.mark.perf(thresholds=…): 'p99 300' is not valid: write it like 'p99 < 250 ms'",
    ),
    (
        "thresholds='p99 < 300 ms'",
        (
            "@pytest.mark.perf(thresholds=…): 'p99 < 300 ms' is not valid: give a list of "
            "texts, such as ['p99 < 300 ms']"
        ),
    ),
    ("['p99 < 300 ms']", "@pytest.mark.perf: (['p99 < 300 ms'],) is not valid: name the argument"),
    (
        "run_time='5s', warmup='5s'",
        "the warm-up of 5 s leaves nothing of the run time of 5 s to measure",
    ),
]


@pytest.fixture(autouse=True)
def _no_child(monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> None:
    """Let no process be started."""

    def refuse(*args: object, **_: object) -> None:
        raise AssertionError(f"a process was started: {args}")

    monkeypatch.setattr("subprocess.Popen", refuse)
    pytester.makepyfile(test_it="def test_it(perf_load): perf_load('PartiqlWriteUser')")


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *args
    )


@pytest.mark.parametrize(("args", "text"), OPTIONS, ids=[" ".join(args) for args, _ in OPTIONS])
def test_bad_option(pytester: pytest.Pytester, args: Sequence[str], text: str) -> None:
    result = run(pytester, *args)

    assert result.ret == USAGE_ERROR
    assert result.stderr.str().startswith(f"ERROR: {text}")


def test_requests_too_few_for_a_threshold_are_known_before_anything_starts(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, "--perf-pacing=9/s")

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            (
                "*failure_ratio <= 1% needs 100 requests, and 9/s has 99 due after the warm-up of "
                "1s: use --perf-run-time=14s"
            )
        ]
    )
    result.stdout.no_fnmatch_line("*a process was started*")


@pytest.mark.parametrize(("argument", "text"), REMOVED, ids=[each for each, _ in REMOVED])
def test_removed_option(pytester: pytest.Pytester, argument: str, text: str) -> None:
    result = run(pytester, argument)

    assert result.ret == USAGE_ERROR
    flag = argument.partition("=")[0]
    assert result.stderr.str().startswith(f"ERROR: {flag}: this option is gone: {text}")


def test_removed_ini_key(pytester: pytest.Pytester) -> None:
    result = run(pytester, "-o", "perf_max_attempts=3")

    assert result.ret == USAGE_ERROR
    text = result.stderr.str()
    assert text.startswith("ERROR: ini key perf_max_attempts: this option is gone: write")


def test_help_shows_the_options_and_no_removed_one(pytester: pytest.Pytester) -> None:
    text = run(pytester, "--help").stdout.str()

    assert set(re.findall(r"--perf-[a-z-]+", text)) == {
        option.flag for option in TABLE if option.has_flag
    }
    assert set(re.findall(r"^  (perf_\w+)", text, re.MULTILINE)) == {
        option.ini_key for option in TABLE
    }


@pytest.mark.parametrize(("line", "text"), INI, ids=[line for line, _ in INI])
def test_bad_ini_key(pytester: pytest.Pytester, line: str, text: str) -> None:
    pytester.makeini(f"[pytest]\n{line}")

    result = run(pytester)

    assert result.ret == USAGE_ERROR
    assert result.stderr.str().startswith(f"ERROR: {text}")


@pytest.mark.parametrize(("line", "text"), PROFILES, ids=[line for line, _ in PROFILES])
def test_bad_profile(pytester: pytest.Pytester, line: str, text: str) -> None:
    pytester.makepyprojecttoml(f"[tool.aqp-perf.profiles.own]\n{line}")

    result = run(pytester, "--perf-profile", "own")

    assert result.ret == USAGE_ERROR
    assert text in result.stderr.lines[0]


@pytest.mark.parametrize(("arguments", "text"), MARKERS, ids=[each for each, _ in MARKERS])
def test_bad_marker(pytester: pytest.Pytester, arguments: str, text: str) -> None:
    """One bad marker ends the session, whichever tests come before it."""
    pytester.makepyfile(
        test_it=f"""
        import pytest

        def test_before(perf_target): pass

        @pytest.mark.perf({arguments})
        def test_it(perf_load): pass
        """
    )

    result = run(pytester)

    assert result.ret == USAGE_ERROR
    assert result.stderr.str().startswith(f"ERROR: test_it.py::test_it: {text}")


def test_unwritable_folder_of_the_report(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--perf-json", "/proc/report.json")

    assert result.ret == USAGE_ERROR
    assert result.stderr.str().startswith("ERROR: --perf-json: '/proc/report.json' is not valid: ")


def test_two_options_that_write_one_file(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--junitxml=same.xml", "--perf-json=same.xml")

    assert result.ret == USAGE_ERROR
    assert result.stderr.str().startswith(
        f"ERROR: --junitxml: '{pytester.path / 'same.xml'}' is not valid: --perf-json writes this "
    )
    assert not (pytester.path / "same.xml").exists()


def test_usage_error_leaves_the_report_of_an_earlier_session(pytester: pytest.Pytester) -> None:
    earlier = Path("report.json")
    earlier.write_text("{}")

    run(pytester, "--perf-json", "report.json", "--perf-users", "0")

    assert earlier.read_text() == "{}"
