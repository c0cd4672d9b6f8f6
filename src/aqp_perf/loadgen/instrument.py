"""Measures any locustfile: put it in front, as in ``locust -f …/instrument.py,locustfile.py``.

It adds arguments to the locust command, registers event listeners, and ends the run: see `RunEnd`.
Where there is no user class, it says so. It changes nothing else.
"""

import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

import gevent
from locust import events
from locust import main as locust_main
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from aqp_perf.loadgen.command.failed_start import FailedInit
from aqp_perf.loadgen.command.measurement_arguments import add_measurement_arguments
from aqp_perf.loadgen.measure.error_collector import ErrorCollector
from aqp_perf.loadgen.measure.locust_workers import STOP_MESSAGE
from aqp_perf.loadgen.measure.measurement import Measurement
from aqp_perf.loadgen.workload.workload import install

_MAIN: Final[Any] = locust_main
_LOCUSTS: Final = Runner.__module__
"""Where Locust's own listener of requests is defined."""


def _on_init(environment: Environment, **_: object) -> None:
    # The event loop's clock stood still while everything was imported; timers started now would
    # end that much too early.
    gevent.get_hub().loop.update_now()
    measurement = Measurement(environment)
    own = environment.events
    _surround(own.test_start, before=measurement.clear, after=measurement.on_test_start)
    own.spawning_complete.add_listener(measurement.on_spawning_complete)
    own.test_stop.add_listener(measurement.run_end.on_test_stop)
    own.quitting.add_listener(measurement.on_quitting)
    _add_behind_locusts(own.request, measurement.requests.on_request)
    own.report_to_master.add_listener(measurement.on_report_to_master)
    own.worker_report.add_listener(measurement.on_worker_report)
    own.quit.add_listener(measurement.on_quit)
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(STOP_MESSAGE, measurement.on_stop_message)
    if isinstance(environment.runner, MasterRunner):
        _stop_workers_first(environment.runner, measurement)
    else:
        gevent.spawn(measurement.probe.run)


def _stop_workers_first(runner: Any, measurement: Measurement) -> None:  # noqa: ANN401 - as locust
    stop_runner = runner.stop

    def stop(*args: object, **kwargs: object) -> None:
        measurement.stop_workers()
        stop_runner(*args, **kwargs)

    runner.stop = stop


def _end_without_users(_path: str) -> NoReturn:
    """End locust, which takes files without a user class, this one too, for pytest's."""
    reason = "it has no user class, or only abstract ones; test functions are not measured"
    sys.stderr.write(f"{FailedInit(reason)}\n")
    sys.exit(1)


def _add_behind_locusts(event: Any, listener: Callable[..., None]) -> None:  # noqa: ANN401 - as locust
    """Add a listener before those of locustfiles, and behind Locust's, which keep the statistics.

    A listener of a locustfile may raise RescheduleTask, StopUser or InterruptTaskSet, so that no
    listener behind it is called: a request that it does not like would be in no figure.
    """
    handlers = event._handlers  # noqa: SLF001 - there is no other way to be first
    own = [each for each in handlers if getattr(each, "__module__", "") == _LOCUSTS]
    handlers[:] = [*own, listener, *(each for each in handlers if each not in own)]


def _surround(
    event: Any,  # noqa: ANN401 - as locust
    *,
    after: Callable[..., None],
    before: Callable[[], None] | None = None,
) -> None:
    """Call functions before and after all listeners of an event, those added later included."""
    fire = event.fire

    def fire_(**kwargs: object) -> None:
        if before is not None:
            before()
        fire(**kwargs)
        after(**kwargs)

    event.fire = fire_


def _collect_errors(environment: Environment, **_: object) -> None:
    ErrorCollector.of(environment)


_MAIN.load_locustfile_pytest = _end_without_users
events.init_command_line_parser.add_listener(add_measurement_arguments)
events.init.add_listener(_collect_errors)  # of the listeners that follow
install(events)
_surround(events.init, after=_on_init)  # which takes the run time: the locustfile saw it
