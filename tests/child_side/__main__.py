"""Run the tests of the code inside locust's processes: ``python -m tests.child_side [args]``.

Importing locust patches sockets, threads and SSL of a process, so it has to come first, and these
tests need a process of their own. ``conftest.py`` starts that process for an outer session and
passes ``--serve``: it then runs the tests that it reads from its standard input.
"""

import locust  # isort: skip
import ast
import os
import sys
from pathlib import Path
from typing import TextIO

import pytest
from _pytest.runner import runtestprotocol

HERE = Path(__file__).parent


class Server:
    """Plugin that runs the tests that an outer session asks for.

    Each line, either way, is a Python literal; JSON would turn the tuples in reports into lists.
    First it sends the node ids of all tests, and the errors of collection by node id. To each pair
    of a node id and the next one (None at the end) it answers with the list of reports.

    Args:
        requests: what it reads.
        replies: where it writes.
    """

    def __init__(self, requests: TextIO, replies: TextIO) -> None:
        self._requests = requests
        self._replies = replies
        self._errors: dict[str, str] = {}

    def _send(self, reply: object) -> None:
        self._replies.write(ascii(reply) + "\n")
        self._replies.flush()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._errors[report.nodeid] = report.longreprtext

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        config, items = session.config, {item.nodeid: item for item in session.items}
        self._send([list(items), self._errors])
        for line in self._requests:
            node_id, next_id = ast.literal_eval(line)
            reports = runtestprotocol(items[node_id], log=False, nextitem=items.get(next_id))
            self._send(
                [
                    config.hook.pytest_report_to_serializable(config=config, report=report)
                    for report in reports
                ]
            )
        return True


def main(args: list[str]) -> int:
    """Run pytest in this process and return its exit code."""
    options = ["--noconftest", "-p", "tests.conftest", "-p", "tests.child_side.fixtures"]
    options += ["--disable-plugin-autoload", "-p", "no:cacheprovider"]
    options += ["--rootdir", str(HERE.parents[1]), "-o", "testpaths=tests/child_side"]
    if args[:1] != ["--serve"]:
        return pytest.main([*options, *args])
    # Pytest takes the standard streams for its own ends.
    requests = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pytest.main([*options, str(HERE), *args[1:]], [Server(requests, replies)])


if __name__ == "__main__":
    print(f"locust {locust.__version__}", file=sys.stderr)  # noqa: T201 - for the reader of the output
    sys.exit(main(sys.argv[1:]))
