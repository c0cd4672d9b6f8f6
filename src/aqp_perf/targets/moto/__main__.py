"""``python -m aqp_perf.targets.moto``: serve moto until a signal ends it."""

import argparse
import sys
from collections.abc import Sequence

from aqp_perf.errors import ConfigError, TargetError
from aqp_perf.extras import Extra, imports_of_command
from aqp_perf.listening import end_on_signals, open_socket, url_of, whole_number

with imports_of_command(Extra.EMBEDDED, "python -m aqp_perf.targets.moto"):
    from aqp_perf.targets.moto.moto_tables import check_moto
    from aqp_perf.targets.moto.server import MotoApplication, serve

_CANNOT_SERVE = 2
"""The exit code for problems that the caller can solve; argparse uses it for bad arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    Prints ``ready URL`` on standard output once, when requests are accepted.
    """
    options = _parser().parse_args(arguments)
    end_on_signals()
    try:
        check_moto()
        listener = open_socket(options.bind, options.port)
    except (ConfigError, TargetError) as exc:
        print(f"aqp_perf.targets.moto: {exc}", file=sys.stderr)  # noqa: T201  # the caller reads it
        return _CANNOT_SERVE
    application = MotoApplication()
    print(f"ready {url_of(listener)}", flush=True)  # noqa: T201  # as above
    serve(application, listener)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aqp_perf.targets.moto",
        description="Serve moto's DynamoDB over HTTP, with PartiQL that stands load.",
    )
    add = parser.add_argument
    add("--port", type=whole_number(0, 65_535), default=0, help="0, the default, finds a free one")
    add("--bind", default="127.0.0.1", metavar="ADDR", help="default: loopback")
    return parser


if __name__ == "__main__":
    sys.exit(main())
