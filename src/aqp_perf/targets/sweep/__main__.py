"""``python -m aqp_perf.targets.sweep``: list tables that runs left behind; ``--yes`` deletes them.

Exit code 0: no table is left over. 1: some are. 2: the search failed, or the arguments are wrong.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.errors import ConfigError, InvalidOption, TargetError
from aqp_perf.extras import Extra, imports_of_command
from aqp_perf.targets.kinds.target import DEFAULT_REGION, Target, TargetKind, TargetSpec
from aqp_perf.targets.sweep.leftover import FoundTable, TableState, state_of

with imports_of_command(Extra.AWS, "python -m aqp_perf.targets.sweep"):
    from aqp_perf.targets.kinds.aws import connect_aws
    from aqp_perf.targets.kinds.endpoint import open_endpoint
    from aqp_perf.targets.sweep.found_tables import FoundTables

_HEADINGS = ("TABLE", "OWNER", "RUN", "CREATED", "EXPIRES", "BYTES", "ITEMS", "")
_OUR_OPTIONS = {
    "--perf-target": "--endpoint-url",
    "--perf-aws-region": "--region",
    "--perf-aws-profile": "--profile",
}
"""The names here of options of a load run."""


def main(arguments: Sequence[str] | None = None, clock: Clock = SYSTEM_CLOCK) -> int:
    """List, and with ``--yes`` delete; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        _check(options)
        with _open(options) as target:
            return _sweep(options, target, clock)
    except InvalidOption as exc:
        option = _OUR_OPTIONS.get(exc.option, exc.option)
        return _refuse(InvalidOption(option, exc.value, exc.hint))
    except (ConfigError, TargetError) as exc:
        return _refuse(exc)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m aqp_perf.targets.sweep",
        description="List the tables that performance test runs left behind. Only a table whose "
        "name and tags prove that a run created it, and whose time is over, is ever deleted.",
    )
    add = parser.add_argument
    add("--region", help="AWS region (default: boto3's own)")
    add("--profile", help="AWS profile (default: boto3's own)")
    add("--role-arn", metavar="ARN", help="AWS role to assume")
    add("--account", metavar="ID", help="the only AWS account in which to look")
    add("--endpoint-url", metavar="URL", help="look at a DynamoDB-compatible endpoint instead")
    add("--run", metavar="ID", help="tables of this run, whether their time is over or not")
    add("--all", action="store_true", help="look at tables with other names, too; none is deleted")
    add("--yes", action="store_true", help="delete what is left over; on AWS with --account alone")
    return parser


def _check(options: Namespace) -> None:
    if options.run is not None and not options.run:
        raise InvalidOption("--run", options.run, "give the id that a run's tables are tagged with")
    if options.endpoint_url is not None:
        for name in ("profile", "role_arn", "account"):
            if (value := getattr(options, name)) is not None:
                option = "--" + name.replace("_", "-")
                raise InvalidOption(option, value, "it does not go with --endpoint-url")
    elif options.yes and options.account is None:
        hint = "on AWS, name the one account whose tables may be deleted"
        raise InvalidOption("--account", None, hint)


@contextmanager
def _open(options: Namespace) -> Iterator[Target]:
    if options.endpoint_url is not None:
        spec = TargetSpec(kind=TargetKind.ENDPOINT, url=options.endpoint_url)
        with open_endpoint(spec.url or "", options.region or DEFAULT_REGION) as endpoint:
            yield endpoint
        return
    with connect_aws(
        region=options.region, profile=options.profile, role_arn=options.role_arn
    ) as aws:
        if options.account not in {None, aws.account}:
            hint = f"the credentials belong to account {aws.account}"
            raise InvalidOption("--account", options.account, hint)
        yield aws


def _sweep(options: Namespace, target: Target, clock: Clock) -> int:
    tables, now = FoundTables(target, clock), clock.utc_now()
    rows, leftovers = [], []
    for table in tables.find(has_any_name=options.all):
        state, reason = state_of(table, now=now, run_id=options.run)
        if state is TableState.LEFTOVER:
            leftovers.append(table)
        if state is not TableState.STRANGER:
            rows.append(_row(table, f"{state}: {_printable(reason)}"))
    _print(f"{target.label}: tables found: {len(rows)}, left over: {len(leftovers)}")
    _print_table(rows)
    if not leftovers:
        if options.run is not None:
            _print(f"there is no table of run {_printable(options.run)}")
        return 0
    if not options.yes:
        _print("nothing was deleted: --yes deletes what is left over")
        return 1
    return max([_delete(tables, table) for table in leftovers])


def _delete(tables: FoundTables, table: FoundTable) -> int:
    try:
        tables.delete(table)
    except TargetError as exc:
        _print(f"not deleted: {exc}")
        return 1
    _print(f"deleted: {_printable(table.name)}")
    return 0


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    for row in (_HEADINGS, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        _print("  ".join(cells).rstrip())


def _row(table: FoundTable, state: str) -> tuple[str, ...]:
    return (
        _printable(table.name),
        _printable(table.owner) or "-",
        _printable(table.run_id) or "-",
        _instant(table.created),
        _instant(table.expires),
        str(table.size_bytes),
        str(table.item_count),
        state,
    )


def _instant(instant: datetime | None) -> str:
    return "-" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _printable(text: str) -> str:
    """Return the text of a tag, which anybody may have written, without control characters."""
    return text if text.isprintable() else ascii(text)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _refuse(error: Exception) -> int:
    sys.stderr.write(f"aqp_perf.targets.sweep: {error}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
