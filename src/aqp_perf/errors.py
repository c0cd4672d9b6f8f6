"""The errors this package raises on purpose, and what each one means for a test.

```text
PerfError
├── ConfigError                a wrong option or file: a pytest usage error, before anything is made
│   ├── InvalidOption, InvalidThreshold, InvalidComparisonRule, InvalidLoadProfile, UnknownTarget
│   ├── RemovedOption, ExtraMissing, BudgetExceeded, BaselineUnusable
│   └── PlatformUnusable
├── TargetError                a problem of the environment: a test error
│   ├── TargetUnavailable, TargetMissing, TargetUnusable, PortTaken, MotoChanged
│   ├── TableAlreadyExists, TableNotFound, TableNotReady, TableUnusable, TableLeftBehind
│   └── SeedingFailed, AqpUnauthorized, AqpUnusable
├── GeneratorError             a failure of the load generator: a test error, the run is void
│   └── GeneratorCrashed, LocustfileFailed, GeneratorTimedOut
├── ResultError                a test error: what was measured cannot be judged
│   └── RunNotJudged, IncompatibleResult
└── LoadNotAlone               a test error: the test would disturb another load test

ThresholdsViolated(AssertionError)   the only way a slow or wrong target FAILS a test
LoadWarning(UserWarning)             a load run is possible as configured, but makes little sense
```

Each message says what happened, the value, and what to do. The errors with which the embedded
servers answer their callers are in `aqp_perf.aqp` and `aqp_perf.targets.moto`.
"""

from collections.abc import Sequence


class PerfError(Exception):
    """Root of every error this package raises on purpose."""


class ConfigError(PerfError):
    """The configuration is not possible; nothing was created."""


class InvalidOption(ConfigError):
    """An option, ini key, profile key or marker argument has an impossible value, or lacks one."""

    def __init__(self, option: str, value: object, hint: str) -> None:
        fault = " is missing" if value is None else f": {value!r} is not valid"
        super().__init__(f"{option}{fault}: {hint}")
        self.option, self.value, self.hint = option, value, hint


class RemovedOption(ConfigError):
    """An option, ini key, profile key or marker argument of an earlier version is used."""

    def __init__(self, option: str, replacement: str) -> None:
        super().__init__(f"{option}: this option is gone: {replacement}")
        self.option, self.replacement = option, replacement


class ExtraMissing(ConfigError):
    """Something was asked for whose packages, of an extra of ours, are not installed."""

    def __init__(self, purpose: str, modules: Sequence[str], command: str) -> None:
        super().__init__(
            f"{purpose} needs packages that are not installed ({', '.join(modules)}): {command}"
        )


class InvalidItem(ConfigError):
    """An item is declared in a way that no table can hold, or no audit can find again."""


class InvalidThreshold(ConfigError):
    """A threshold does not follow the grammar."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(f"threshold {text!r} is not valid: {hint}")
        self.hint = hint


class InvalidComparisonRule(ConfigError):
    """A rule for the comparison with a baseline does not follow the grammar."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(f"comparison {text!r} is not valid: {hint}")
        self.hint = hint


class InvalidLoadProfile(ConfigError):
    """A load profile contradicts itself, or has a value out of range."""


class UnknownTarget(ConfigError):
    """The target is neither a known name nor a URL."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"unknown target {name!r}: use one of {', '.join(known)}, "
            "or the http(s):// URL of a DynamoDB-compatible endpoint"
        )


class BudgetExceeded(ConfigError):
    """A run or a table would cost more than may be spent; it was not started."""

    def __init__(self, estimate: str, left: str) -> None:
        super().__init__(
            f"cost estimate: {estimate}, but {left}: "
            "shorten the run, lower its rate, or raise --perf-max-cost"
        )


class BaselineUnusable(ConfigError):
    """A baseline or an anchor cannot be read, compared with or saved."""

    def __init__(self, baseline: str, detail: str, kind: str = "baseline") -> None:
        super().__init__(f"{kind} {baseline}: {detail}")


class PlatformUnusable(ConfigError):
    """Load tests cannot run on this operating system."""

    def __init__(self, system: str, module: str) -> None:
        super().__init__(
            f"load tests do not run on {system}, whose Python has no module {module!r}: "
            "run them on Linux, macOS or the Windows Subsystem for Linux (WSL)"
        )


class TargetError(PerfError):
    """The target, its table or its AQP is not as the run needs it."""


class TargetUnavailable(TargetError):
    """No answer in time (``is_there``), or no connection at all."""

    def __init__(
        self, target: str, waited_s: float, detail: str = "", *, is_there: bool = True
    ) -> None:
        problem = f"did not answer within {waited_s:g} s" if is_there else "cannot be reached"
        super().__init__(f"{target} {problem}" + (f": {detail}" if detail else ""))


class TargetMissing(TargetError):
    """The target is not installed on this machine."""

    def __init__(self, target: str, hint: str) -> None:
        super().__init__(f"{target} is not installed on this machine: {hint}")


class TargetUnusable(TargetError):
    """The target answers, but not as this run needs it."""

    def __init__(self, target: str, detail: str) -> None:
        super().__init__(f"{target} cannot be used: {detail}")
        self.detail = detail


class PortTaken(TargetError):
    """Another process listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is taken: name another port")


class MotoChanged(TargetError):
    """The installed moto does not keep its tables as `aqp_perf.targets.moto` expects."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"the installed moto is not supported: {detail}: pip install 'moto[dynamodb]==5.2.5'"
        )


class TableAlreadyExists(TargetError):
    """The table to create exists already; it was not touched."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"table {table!r} exists already and was not touched: "
            "give --perf-table to put load on an existing table"
        )


class TableNotFound(TargetError):
    """The table of ``--perf-table`` does not exist."""

    def __init__(self, table: str, target: str) -> None:
        super().__init__(
            f"table {table!r} does not exist on {target}: "
            "leave --perf-table out to have one created"
        )


class TableNotReady(TargetError):
    """The table did not become ACTIVE in time."""

    def __init__(self, table: str, status: str, waited_s: float) -> None:
        super().__init__(f"table {table!r} is still {status} after {waited_s:g} s")


class TableUnusable(TargetError):
    """The table of ``--perf-table`` has other keys, or must not be used or deleted."""

    def __init__(self, table: str, detail: str) -> None:
        super().__init__(f"table {table!r} cannot be used: {detail}")


class TableLeftBehind(TargetError):
    """A table that this session created exists still, or may exist."""

    def __init__(self, table: str, endpoint: str, detail: str) -> None:
        super().__init__(f"table {table!r} may be left behind on {endpoint}: {detail}")


class SeedingFailed(TargetError):
    """The table took no more seed items."""

    def __init__(self, table: str, unwritten: int, waited_s: float) -> None:
        super().__init__(
            f"table {table!r} had no capacity for {unwritten} seed items for {waited_s:g} s"
        )


class AqpUnauthorized(TargetError):
    """The AQP refused the credentials."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"the AQP at {url} refused the credentials (HTTP 401): "
            "set PERF_AQP_USER and PERF_AQP_PASSWORD"
        )


class AqpUnusable(TargetError):
    """The server at the AQP's URL does not answer as an AQP."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"{url} does not answer like an AQP: {detail}")
        self.detail = detail


class GeneratorError(PerfError):
    """The load generator failed; the run is void."""


class GeneratorCrashed(GeneratorError):
    """The locust process ended before it wrote its result."""

    def __init__(self, exit_code: int, stderr_tail: str) -> None:
        super().__init__(f"locust ended with exit code {exit_code} and no result\n{stderr_tail}")
        self.exit_code = exit_code


class LocustfileFailed(GeneratorError):
    """The user's locustfile could not be imported, or a listener of its start raised.

    The detail is a traceback or a reason of one line.
    """

    def __init__(self, locustfile: str, detail: str) -> None:
        separator = "\n" if "\n" in detail else ": "
        super().__init__(f"{locustfile} could not be loaded{separator}{detail}")


class GeneratorTimedOut(GeneratorError):
    """The locust process was killed at its deadline."""

    def __init__(self, deadline_s: float, stderr_tail: str) -> None:
        super().__init__(f"locust was killed: not done after {deadline_s:g} s\n{stderr_tail}")


class ResultError(PerfError):
    """A result is damaged, incomplete or of another version: it cannot be judged."""


class RunNotJudged(ResultError):
    """A run ended INVALID or with NO DATA: it is neither fast nor slow."""

    def __init__(self, verdict: str, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


class IncompatibleResult(ResultError):
    """A results file has a schema that this version does not read."""

    def __init__(self, found: object, expected: int) -> None:
        super().__init__(f"result has schema_version {found!r:.40}, this version reads {expected}")


class LoadNotAlone(PerfError):
    """A test asked for the load fixture while it ran, so that it did not wait for other tests."""

    def __init__(self) -> None:
        super().__init__(
            "a load test must be known before it starts, so that no other load test runs beside "
            "it: name perf_load as an argument, or mark the test with @pytest.mark.perf"
        )


class ThresholdsViolated(AssertionError):
    """The target was too slow or wrong: the message carries every verdict."""


class LoadWarning(UserWarning):
    """A load run is possible as configured, but makes little sense."""
