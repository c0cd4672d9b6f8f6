"""Locustfiles with arguments of their own get them, and ours, in every process of a run."""

import os
from pathlib import Path

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.loadgen.command.file_arguments import FileArgument
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec

SHOP = """
from locust import User, constant, events, tag, task


@events.init_command_line_parser.add_listener
def add_arguments(parser):
    group = parser.add_argument_group("Shop")
    group.add_argument("--table", default="theirs")
    group.add_argument("--my-items", type=int, nargs="*")
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--verify", action="store_true")


class Shopper(User):
    wait_time = constant(0.02)

    def fire(self, name):
        self.environment.events.request.fire(
            request_type="t", name=name, response_time=1, response_length=0, exception=None,
            context={},
        )

    @tag("slow")
    @task
    def buy(self):
        it = self.environment.parsed_options
        self.fire(f"{it.table} {it.my_items} {it.warmup} {it.verify} {it.region}")

    @task
    def browse(self):
        self.fire("untagged")
"""
STAFF = """
from locust import tag, task
from shop import Shopper


class Clerk(Shopper):
    @tag("slow")
    @task
    def sell(self):
        self.fire(self.environment.host)
"""


def test_every_worker_has_the_values_of_the_file_and_ours(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "clerk.py").write_text(STAFF)
    spec = RunSpec(
        locustfile=[tmp_path / "shop.py", tmp_path / "staff"],
        users=4,
        spawn_rate=100,
        run_time_s=2,
        stop_timeout_s=1,
        warmup_s=0,
        pacing=ClosedModel.THINK,
        processes=2,
        host="tcp://shop:1883",
        tags=["slow"],
        workload={"table": "ours", "region": "north", "verify": "all"},
        arguments=[
            FileArgument("table", ("-x",)),
            FileArgument("my_items", ("1", "2")),
            FileArgument("verify"),
        ],
    )

    with LoadRun(spec, environment=os.environ) as load:
        result = load.wait().result
        print(load._child.output_tail)  # noqa: T201 - shown when the test fails

    assert result.invalid_reasons == ()
    assert {each.name for each in result.operations} == {
        "-x [1, 2] 3 True north",
        "tcp://shop:1883",
    }
