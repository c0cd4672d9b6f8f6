"""An nginx that answers writes and AQP reads at once: the target that is never the limit.

Its answer to every read is the right one for the first partition, so no other may be asked for.
"""

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import simplejson

from aqp_perf.children import Child
from aqp_perf.core.data.dataset import Dataset
from tests.doubles.orders import key_text, order, orders

_START_S: Final = 10.0
WRITE_ANSWER: Final = json.dumps(
    {"ConsumedCapacity": {"CapacityUnits": 1.0, "TableName": "performance_test_table"}}
)
_CONFIGURATION: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /status {{ stub_status; }}
        location / {{ default_type application/x-amz-json-1.0; return 200 '{write}'; }}
        location /query-aggregation/ {{ default_type application/json; return 200 '{read}'; }}
    }}
}}
"""


def aqp_answer(dataset: Dataset) -> str:
    """Return what an AQP answers for the first partition: its amounts by zip code."""
    totals: dict[int, Decimal] = {}
    for index in range(dataset.items_per_partition):
        item = order(dataset.seed_item(index))
        zipcode = int(item.zipcode)
        totals[zipcode] = totals.get(zipcode, Decimal()) + Decimal(item.amount)
    pk = key_text(dataset, 0)
    rows = [{"pk": pk, "total": total, "zipcode": zipcode} for zipcode, total in totals.items()]
    stats = {
        "elapsedTimeToRetrieveDataInMs": 1,
        "elapsedTimeToAggregateDataInMs": 1,
        "payloadSizeBytes": 4_096,
    }
    answer = {"response": [{"resultSet": rows}], "stats": stats}
    return simplejson.dumps(answer, use_decimal=True)


@contextmanager
def nginx(*on_cores: int) -> Iterator[str]:
    """Serve on a free loopback port until the block ends; yield the URL.

    Args:
        on_cores: the only cores it may use.
    """
    executable = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if executable is None:
        sys.exit("nginx is needed and not on this machine: apt-get install nginx-light")
    with TemporaryDirectory(prefix="aqp-perf-nginx-") as name:
        port = _free_port()
        configuration = Path(name) / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=name, port=port, write=WRITE_ANSWER, read=aqp_answer(orders())
            )
        )
        argv = [executable, "-p", name, "-c", str(configuration)]
        with pinned(*on_cores):
            child = Child("nginx", argv, environment=os.environ)
        with child:
            _wait_until_served(child, port)
            yield f"http://127.0.0.1:{port}"


@contextmanager
def pinned(*on_cores: int) -> Iterator[None]:
    """Let what is started in the block, a child too, use these cores only."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, on_cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def cores() -> tuple[int, int]:
    """Return a core for the load generator and one for the server, the same one if need be."""
    ours = sorted(os.sched_getaffinity(0))
    return ours[0], ours[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_served(child: Child, port: int) -> None:
    until_s = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until_s:
                raise RuntimeError(f"nginx does not answer: {child.output_tail}") from None
            time.sleep(0.01)  # it prints nothing when it is ready
        else:
            return
