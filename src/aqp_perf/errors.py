"""The errors this package raises on purpose, and what each one means for a test.

```text
PerfError
├── ConfigError                   the user's fault: a pytest usage error, before anything is created
│   ├── InvalidOption(option, value, hint)
│   ├── InvalidThreshold(text, hint)
│   ├── InvalidComparisonRule(text, hint)
│   ├── InvalidLoadProfile
│   ├── BudgetExceeded(estimate, left)
│   ├── BaselineUnusable(baseline, detail)
│   └── UnknownTarget(name, known)
├── TargetError                   the environment's fault: a test error
│   ├── TargetUnavailable(target, waited_s, detail)
│   ├── TargetMissing(target, hint)
│   ├── TargetUnusable(target, detail)
│   ├── PortTaken(host, port)
│   ├── MotoChanged(expected)
│   ├── TableAlreadyExists(table)
│   ├── TableNotFound(table)
│   ├── TableNotReady(table, status, waited_s)
│   ├── TableUnusable(table, detail)
│   ├── TableLeftBehind(table, endpoint, detail)
│   ├── SeedingFailed(table, unwritten)
│   ├── AqpUnauthorized(url)
│   └── AqpUnusable(url, detail)
├── GeneratorError                the generator's fault: a test error, the run is void
│   ├── GeneratorCrashed(exit_code, stderr_tail)
│   ├── LocustfileFailed(locustfile, traceback)
│   └── GeneratorTimedOut(deadline_s, stderr_tail)
└── ResultError                   a test error: what was measured cannot be judged
    ├── RunNotJudged(verdict, text)
    └── IncompatibleResult(found, expected)

ThresholdsViolated(AssertionError)   the only way a slow or wrong target FAILS a test
LoadWarning(UserWarning)             a run may be done as asked for, but makes little sense
```

What the embedded servers answer their callers is in `aqp_perf.aqp.problems` and
`aqp_perf.targets.moto.refusal`; it never leaves them.
"""

from collections.abc import Sequence


class PerfError(Exception):
    """Root of every error this package raises on purpose."""


class ConfigError(PerfError):
    """The user asked for something that cannot be; nothing was created."""


class InvalidOption(ConfigError):
    """An option, ini key, profile key or marker argument has a value that cannot be."""

    def __init__(self, option: str, value: object, hint: str) -> None:
        super().__init__(f"{option}: {value!r} is not valid: {hint}")
        self.option, self.value, self.hint = option, value, hint


class InvalidThreshold(ConfigError):
    """A threshold does not follow the grammar."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(f"threshold {text!r} is not valid: {hint}")
        self.text, self.hint = text, hint


class InvalidComparisonRule(ConfigError):
    """A rule to compare runs by does not follow the grammar."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(f"comparison {text!r} is not valid: {hint}")
        self.text, self.hint = text, hint


class InvalidLoadProfile(ConfigError):
    """A load profile contradicts itself, or has a value out of range."""


class BudgetExceeded(ConfigError):
    """What was asked for would cost more than may be spent; it was not begun."""

    def __init__(self, estimate: str, left: str) -> None:
        super().__init__(
            f"cost estimate: {estimate}, but {left}: "
            "shorten the run, lower its rate, or raise --perf-max-cost"
        )
        self.estimate, self.left = estimate, left


class BaselineUnusable(ConfigError):
    """A baseline cannot be read, compared with or saved."""

    def __init__(self, baseline: str, detail: str) -> None:
        super().__init__(f"baseline {baseline}: {detail}")
        self.baseline, self.detail = baseline, detail


class UnknownTarget(ConfigError):
    """The target is neither a known name nor a URL."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"unknown target {name!r}: use one of {', '.join(known)}, "
            "or the http(s):// URL of a DynamoDB-compatible endpoint"
        )
        self.name, self.known = name, tuple(known)


class TargetError(PerfError):
    """The target, its table or its AQP is not as the run needs it."""


class TargetUnavailable(TargetError):
    """Nothing answered in time, or nobody is there who could."""

    def __init__(
        self, target: str, waited_s: float, detail: str = "", *, is_there: bool = True
    ) -> None:
        what = f"did not answer within {waited_s:g} s" if is_there else "cannot be reached"
        super().__init__(f"{target} {what}" + (f": {detail}" if detail else ""))
        self.target, self.waited_s, self.detail = target, waited_s, detail


class TargetMissing(TargetError):
    """The target is not installed on this machine."""

    def __init__(self, target: str, hint: str) -> None:
        super().__init__(f"{target} is not on this machine: {hint}")
        self.target, self.hint = target, hint


class TargetUnusable(TargetError):
    """Something answers, but not as this run needs it."""

    def __init__(self, target: str, detail: str) -> None:
        super().__init__(f"{target} cannot be used: {detail}")
        self.target, self.detail = target, detail


class PortTaken(TargetError):
    """Somebody else listens on the port we were told to use."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is taken: name another port, or 0 for a free one")
        self.host, self.port = host, port


class MotoChanged(TargetError):
    """The installed moto does not keep its tables the way our server reads and writes them."""

    def __init__(self, expected: str) -> None:
        super().__init__(
            f"moto changed under us: it should be that {expected}; "
            "mend src/aqp_perf/targets/moto/moto_tables.py"
        )
        self.expected = expected


class TableAlreadyExists(TargetError):
    """The table that was to be created is there already; it was not touched."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"table {table!r} exists already and was not touched: "
            "give --perf-table to put load on an existing table"
        )
        self.table = table


class TableNotFound(TargetError):
    """The table that was to be used is not there."""

    def __init__(self, table: str, target: str) -> None:
        super().__init__(
            f"table {table!r} does not exist on {target}: "
            "leave --perf-table out to have one created"
        )
        self.table, self.target = table, target


class TableNotReady(TargetError):
    """The table did not become ACTIVE in time."""

    def __init__(self, table: str, status: str, waited_s: float) -> None:
        super().__init__(f"table {table!r} is still {status} after {waited_s:g} s")
        self.table, self.status, self.waited_s = table, status, waited_s


class TableUnusable(TargetError):
    """The table that was to be used is of another make."""

    def __init__(self, table: str, detail: str) -> None:
        super().__init__(f"table {table!r} cannot be used: {detail}")
        self.table, self.detail = table, detail


class TableLeftBehind(TargetError):
    """A table we created is, or may be, still there."""

    def __init__(self, table: str, endpoint: str, detail: str) -> None:
        super().__init__(f"table {table!r} may be left behind on {endpoint}: {detail}")
        self.table, self.endpoint, self.detail = table, endpoint, detail


class SeedingFailed(TargetError):
    """Some seed items were still refused after the last retry."""

    def __init__(self, table: str, unwritten: int, attempts: int) -> None:
        super().__init__(
            f"table {table!r}: {unwritten} seed items still unprocessed after {attempts} attempts"
        )
        self.table, self.unwritten, self.attempts = table, unwritten, attempts


class AqpUnauthorized(TargetError):
    """The AQP refused our credentials."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"the AQP at {url} answered 401 to our credentials: "
            "set PERF_AQP_USER and PERF_AQP_PASSWORD"
        )
        self.url = url


class AqpUnusable(TargetError):
    """Something answers at the AQP's URL, but not as an AQP would."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"{url} does not answer like an AQP: {detail}")
        self.url, self.detail = url, detail


class GeneratorError(PerfError):
    """The load generator failed; the run is void."""


class GeneratorCrashed(GeneratorError):
    """The locust process ended before it had written its result."""

    def __init__(self, exit_code: int, stderr_tail: str) -> None:
        super().__init__(f"locust ended with exit code {exit_code} and no result\n{stderr_tail}")
        self.exit_code, self.stderr_tail = exit_code, stderr_tail


class LocustfileFailed(GeneratorError):
    """The user's locustfile did not import; the message is its own traceback."""

    def __init__(self, locustfile: str, traceback: str) -> None:
        super().__init__(f"{locustfile} could not be loaded\n{traceback}")
        self.locustfile, self.traceback = locustfile, traceback


class GeneratorTimedOut(GeneratorError):
    """The locust process outlived its deadline and was killed."""

    def __init__(self, deadline_s: float, stderr_tail: str) -> None:
        super().__init__(f"locust was killed: not done after {deadline_s:g} s\n{stderr_tail}")
        self.deadline_s, self.stderr_tail = deadline_s, stderr_tail


class ResultError(PerfError):
    """What was measured cannot be judged."""


class RunNotJudged(ResultError):
    """A run ended INVALID or with NO DATA: it is neither fast nor slow."""

    def __init__(self, verdict: str, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


class IncompatibleResult(ResultError):
    """A result file has another schema than this version reads."""

    def __init__(self, found: object, expected: int) -> None:
        super().__init__(f"result has schema_version {found!r:.40}, this version reads {expected}")
        self.found, self.expected = found, expected


class LoadNotAlone(PerfError):
    """A test got the load fixture while it ran: it had no reason to wait for other tests."""

    def __init__(self) -> None:
        super().__init__(
            "a load test waits until it is alone: name perf_load as an argument, or mark the test "
            "with @pytest.mark.perf"
        )


class ThresholdsViolated(AssertionError):
    """The target was too slow or wrong: the message carries every verdict."""


class LoadWarning(UserWarning):
    """A load run was asked for that may be done, but makes little sense."""
