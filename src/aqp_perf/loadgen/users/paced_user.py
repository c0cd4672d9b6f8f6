"""The base class of locust users whose requests are paced and timed from when they were due.

Their request events carry a `RequestContext`, which the instrument reads. The users also work
without it, under the bare locust command.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar, NamedTuple

from gevent import GreenletExit
from locust import User, task

from aqp_perf.core.load.pacing import ClosedModel, OpenModel
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind
from aqp_perf.loadgen.clients.failures import failure_class_of
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.workload.workload import Workload, workload_of

_CUT_OFF = {FailureClass.CONNECTION, FailureClass.AMBIGUOUS, FailureClass.UNAUTHORIZED}
_RECONNECT_PAUSE_S = 0.1
"""How long an unpaced user waits after a broken connection or refused credentials: both end at
once, and retries at full speed would only keep the target busy."""
_UNKNOWN_TYPE = "send"
"""Request type of a send that was cut off before its user class had reported any request."""
_NS = 1_000_000_000
_NS_PER_MS = 1_000_000


Check = Callable[[Any], WrongAnswer | None]
"""Returns what is wrong with the rows or items of an answer; None: it is right."""


class AnswerCheck(NamedTuple):
    """How the answer to a request is checked, in a run that checks answers."""

    check: Check | None
    """None: this answer is not in the sample."""


class AnsweredWrong(Exception):
    """The answer is complete and wrong; the evidence is in the context of the request event."""

    failure_class = FailureClass.WRONG_ANSWER

    def __init__(self, wrong: WrongAnswer) -> None:
        is_malformed = wrong.kind is WrongAnswerKind.MALFORMED
        # Failures are counted by their text, so it has no evidence that differs each time.
        super().__init__(f"{wrong.kind}: {wrong.got}" if is_malformed else str(wrong.kind))


class Unanswered(Exception):
    """A request was under way when the run ended, and got no answer in the time left to it."""

    def __init__(self, failure_class: FailureClass) -> None:
        super().__init__("no answer when the run ended")
        self.failure_class = failure_class


class PacedUser(User):
    """A user that sends one request whenever its pacing says so.

    Subclasses implement `send`, which reports at least one request. A send that is cut off at the
    end of the run is reported as a timeout of the operation that its class reported last.

    ``think_time_s`` is the range of the random waits of the closed model ``think``.
    """

    abstract = True
    takes_arrivals = True  # read by ProcessArrivals
    think_time_s: ClassVar[tuple[float, float]] = (0.0, 1.0)

    workload: Workload
    stream: str
    """Seeds this user's random draws and names its items; unique among all users of all runs."""

    def on_start(self) -> None:
        """Join the workload of this process."""
        self.workload = workload_of(self.environment)
        self._ending = self.workload.ending
        self._number = self.workload.next_user()
        self.stream = self.workload.stream(self._number)
        self._sent = 0
        self._due_ns: int | None = None
        self._send_due_ns = 0
        self._under_way: RequestContext | None = None
        self._is_recorded = True
        self._is_cut_off = False
        settings = self.workload.settings
        self._is_open = isinstance(settings.pacing, OpenModel)
        self._thinks = settings.pacing is ClosedModel.THINK
        self._class_name = type(self).__name__
        self._sends = self.workload.sends[self._class_name]
        self._arrivals = self.workload.arrivals.of(self._class_name)
        task_set: Any = self._taskset_instance
        if self._is_open and task_set is not None:
            # Between wait and request locust calls sleep(0), which lets all other greenlets run
            # first, although the arrival is due.
            task_set._sleep = lambda _seconds: None  # noqa: SLF001 - there is no public way
        self._random = Random(f"{settings.data.seed}/{self.stream}")  # noqa: S311 - think times

    def wait_time(self) -> float:
        """Wait for the next arrival in the open model, else return how long to think, in s."""
        if self._is_open:
            self._due_ns = self._arrivals.wait_for_next()
            return 0.0
        if self._thinks:
            return self._random.uniform(*self.think_time_s)
        was_cut_off, self._is_cut_off = self._is_cut_off, False
        return _RECONNECT_PAUSE_S if was_cut_off else 0.0

    @task
    def request(self) -> None:
        """Send the next request, once it is due."""
        if self._is_open and self._due_ns is None:
            self.wait()  # type: ignore[no-untyped-call]  # the first arrival; locust itself waits for the later ones
        due_ns, self._due_ns = self._due_ns, None
        self._ending.begin_request(due_ns)
        if due_ns is not None:
            self._arrivals.count_sent()
        send_due_ns = time.perf_counter_ns() if due_ns is None else due_ns
        self._send_due_ns, self._under_way, self._is_recorded = send_due_ns, None, False
        try:
            index = self._sent
            self._sent += 1
            self.send(index, send_due_ns)
        except GreenletExit:
            is_unknown = self._is_recorded and self._under_way is None
            self._report_cut_off()
            if is_unknown and self._ending.has_waited_in_vain:
                # Reported before, and perhaps under way with a request that took no `timing`.
                self._sends.unrecorded += 1
            raise
        finally:
            if not self._is_recorded:
                self._count_sent(send_due_ns)
                if send_due_ns >= self.workload.measured_from_ns:
                    self._sends.unrecorded += 1
            self._ending.end_request()

    def send(self, index: int, due_ns: int) -> None:
        """Send one request and report it.

        Args:
            index: counts this user's requests from 0.
            due_ns: when the request was due (perf_counter).
        """
        raise NotImplementedError(f"{type(self).__name__} needs a send(self, index, due_ns)")

    def check(self, index: int, check: Check) -> AnswerCheck | None:
        """Return how the answer to this user's request ``index`` is checked; None: not in this run.

        The ``check`` is made if the answer is in the sample.
        """
        verification = self.workload.settings.verification
        if not verification.ratio:
            return None
        # Counted on from the user's number, so that users do not check at the same time.
        is_due = verification.includes(self._number + index)
        return AnswerCheck(check if is_due else None)

    def timing(self, due_ns: int) -> RequestContext:
        """Return the context of a request that is sent now.

        In the closed models a request is due when it is sent: making it is no latency.
        """
        start_ns = time.perf_counter_ns()
        self._under_way = {
            "due_ns": due_ns if self._is_open else start_ns,
            "start_ns": start_ns,
            "user_class": self._class_name,
        }
        return self._under_way

    def report(  # noqa: PLR0913 - what locust's event takes
        self,
        request_type: str,
        name: str,
        context: RequestContext,
        *,
        length_bytes: int = 0,
        exception: Exception | None = None,
        response: object = None,
        end_ns: int | None = None,
    ) -> None:
        """Report a request that was sent at ``context["start_ns"]``.

        Args:
            request_type: locust's, such as ``GET``.
            name: the operation under which it is counted.
            context: what `timing` returned, and what else is known of the request.
            length_bytes: the length of the answer.
            exception: why it failed; None: it failed only if the context has a wrong answer.
            response: the answer; its ``status_code`` decides the kind of failure.
            end_ns: when the answer was complete (perf_counter); None: now.
        """
        end_ns = time.perf_counter_ns() if end_ns is None else end_ns
        if exception is not None:
            self._is_cut_off = failure_class_of(exception, None) in _CUT_OFF
        elif "wrong_answer" in context:
            exception = AnsweredWrong(context["wrong_answer"])
        self._under_way = None
        self._sends.last_operation = request_type, name
        if not self._is_recorded:
            self._count_sent(context.get("due_ns", self._send_due_ns))
        service_time_ns = end_ns - context["start_ns"]
        self.environment.events.request.fire(
            request_type=request_type,
            name=name,
            response_time=service_time_ns / _NS_PER_MS,
            response_length=length_bytes,
            exception=exception,
            response=response,
            context=context,
            start_time=time.time() - service_time_ns / _NS,
        )

    def report_unanswered(
        self, request_type: str, name: str, context: RequestContext, failure_class: FailureClass
    ) -> None:
        """Report a request that is cut off at the end of the stop timeout.

        One of the backlog did not have that time: it counts as not sent. One that was sent in the
        warm-up was under way in the whole measurement window, and is counted from its beginning.
        """
        stopped_ns = self._ending.stopped_ns
        if stopped_ns is None or not self._ending.has_waited_in_vain:
            return
        if self._is_open and context["start_ns"] > stopped_ns and not self._is_recorded:
            self._is_recorded = True
            return
        measured_from_ns = self.workload.measured_from_ns
        if context["due_ns"] < measured_from_ns < stopped_ns:
            context["due_ns"] = measured_from_ns
            context["start_ns"] = max(context["start_ns"], measured_from_ns)
        self.report(request_type, name, context, exception=Unanswered(failure_class))

    def _count_sent(self, due_ns: int) -> None:
        """Count the send under way, once."""
        self._is_recorded = True
        if due_ns >= self.workload.measured_from_ns:
            self._sends.sent += 1

    def _report_cut_off(self) -> None:
        """Report a send that was cut off and has not reported its request."""
        context = self._under_way
        if context is None:
            if self._is_recorded:
                return
            context = self.timing(self._send_due_ns)
            context["due_ns"] = context["start_ns"] = self._send_due_ns
        operation = self._sends.last_operation or (_UNKNOWN_TYPE, self._class_name)
        self.report_unanswered(*operation, context, FailureClass.TIMEOUT)
