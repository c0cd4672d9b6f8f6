"""Run the embedded AQP: ``python -m aqp_perf.aqp --endpoint-url URL --table NAME --port N``."""

import argparse
import os
import sys
from collections.abc import Sequence

from aqp_perf.base_url import is_loopback
from aqp_perf.errors import ConfigError, InvalidOption, PortTaken
from aqp_perf.extras import Extra, imports_of_command
from aqp_perf.listening import end_on_signals, open_socket, url_of, whole_number

with imports_of_command(Extra.EMBEDDED, "python -m aqp_perf.aqp"):
    from aqp_perf.aqp.credentials import resolve_signer
    from aqp_perf.aqp.serving.dynamodb import DynamoDB
    from aqp_perf.aqp.serving.server import serve
    from aqp_perf.aqp.serving.service import MAX_ITEMS, QueryService
    from aqp_perf.aqp.serving.web import AqpApplication, Callers

_DESCRIPTION = """\
An Aggregation Query Proxy for tests: GET /query-aggregation/<SQL> with Basic authentication, over
any DynamoDB endpoint. PERF_AQP_USER and PERF_AQP_PASSWORD set the credentials (default: the example
pair of the real AQP). Prints "ready URL" when it accepts requests; SIGTERM and Ctrl-C end it.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it, and return the exit code."""
    options = _parser().parse_args(arguments)
    end_on_signals()
    try:
        dynamodb = DynamoDB(
            options.endpoint_url,
            resolve_signer(options.endpoint_url, region=options.region, environment=os.environ),
        )
        service = QueryService(
            dynamodb,
            tables=options.table,
            allow_scan=options.allow_scan,
            max_items=options.max_items,
        )
        callers = Callers.from_environment(os.environ)
        listening = open_socket(options.bind, options.port)
        if callers.are_public and not is_loopback(listening.getsockname()[0]):
            raise InvalidOption(
                "--bind",
                options.bind,
                "other machines could send queries with the published example password: "
                "set PERF_AQP_PASSWORD, or bind a loopback address",
            )
        application = AqpApplication(service, callers)
    except (ConfigError, PortTaken) as exc:
        print(f"aqp_perf.aqp: {exc}", file=sys.stderr)  # noqa: T201 - the command's own message
        return 2
    print(f"ready {url_of(listening)}", flush=True)  # noqa: T201 - the command's contract
    serve(application, listening, threads=options.threads)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aqp_perf.aqp", description=_DESCRIPTION)
    parser.add_argument("--endpoint-url", required=True, help="the DynamoDB endpoint")
    parser.add_argument(
        "--table", required=True, action="append", help="a table that may be read; repeatable"
    )
    parser.add_argument("--port", type=whole_number(0, 65_535), default=8080, help="0: a free one")
    parser.add_argument("--bind", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--region", help="default: AWS_REGION")
    parser.add_argument(
        "--allow-scan", action="store_true", help="run queries that read a whole table"
    )
    parser.add_argument("--threads", type=whole_number(1, 512), default=8)
    parser.add_argument("--max-items", type=whole_number(1), default=MAX_ITEMS)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
