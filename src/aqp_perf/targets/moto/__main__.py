"""``python -m aqp_perf.targets.moto``: serve moto until a signal ends it."""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from aqp_perf.errors import TargetError
from aqp_perf.targets.moto.moto_tables import check_moto
from aqp_perf.targets.moto.server import MotoApplication, listen, serve

_CANNOT_SERVE = 2
"""The exit code for problems that the caller can solve; argparse uses it for bad arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    Prints ``ready URL`` on standard output once, when requests are accepted.
    """
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        check_moto()
        listener = listen(options.bind, options.port)
    except (TargetError, OSError) as exc:
        print(f"aqp_perf.targets.moto: {exc}", file=sys.stderr)  # noqa: T201  # the caller reads it
        return _CANNOT_SERVE
    host = f"[{options.bind}]" if ":" in options.bind else options.bind
    port = listener.getsockname()[1]
    application = MotoApplication()
    print(f"ready http://{host}:{port}", flush=True)  # noqa: T201  # as above
    serve(application, listener)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aqp_perf.targets.moto",
        description="Serve moto's DynamoDB over HTTP, with PartiQL that stands load.",
    )
    parser.add_argument("--port", type=_port, default=0, help="0, the default, finds a free one")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="default: loopback")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:  # noqa: PLR2004  # the highest port there is
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: use 0 to 65535")
    return int(text)


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
