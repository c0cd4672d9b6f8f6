"""Measures any locustfile: put it in front, as in ``locust -f …/instrument.py,locustfile.py``.

It adds arguments to the locust command and registers event listeners; it changes nothing else.
"""

from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from aqp_perf.loadgen.command.measurement_arguments import add_measurement_arguments
from aqp_perf.loadgen.measure.locust_workers import STOP_MESSAGE
from aqp_perf.loadgen.measure.measurement import Measurement
from aqp_perf.loadgen.workload.workload import install


def _on_init(environment: Environment, **_: object) -> None:
    # The event loop's clock stood still while everything was imported; timers started now, such as
    # the one behind locust's --run-time, would end that much too early.
    gevent.get_hub().loop.update_now()
    measurement = Measurement(environment)
    own = environment.events
    own.test_start.add_listener(measurement.on_test_start)
    own.spawning_complete.add_listener(measurement.on_spawning_complete)
    own.test_stopping.add_listener(measurement.on_test_stopping)
    own.quitting.add_listener(measurement.on_quitting)
    own.request.add_listener(measurement.requests.on_request)
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
    quit_runner = runner.quit

    def quit_() -> None:
        measurement.stop_workers()
        quit_runner()

    runner.quit = quit_


events.init_command_line_parser.add_listener(add_measurement_arguments)
install(events)
events.init.add_listener(_on_init)
