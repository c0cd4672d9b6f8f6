"""From a spec to an open target."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

from aqp_perf.targets.kinds.aws import open_aws
from aqp_perf.targets.kinds.dynamodb_local import open_dynamodb_local
from aqp_perf.targets.kinds.endpoint import open_endpoint, open_moto
from aqp_perf.targets.kinds.target import DEFAULT_REGION, Target, TargetKind, TargetSpec


@contextmanager
def open_target(spec: TargetSpec) -> Iterator[Target]:
    """Open the target that ``spec`` describes; close it with everything that was started for it.

    Raises:
        TargetMissing: it is not installed on this machine.
        TargetUnavailable: it did not start, or nothing answers.
        TargetUnusable: something else answers, or it refuses the credentials.
        InvalidOption: an AWS option does not fit the account, or there is no such AWS profile.
        ValueError: it is kind ``none``.
    """
    # At DEBUG it logs every request with its signature and session token, and pytest shows logs.
    logging.getLogger("botocore").setLevel(logging.INFO)
    match spec.kind:
        case TargetKind.MOTO:
            opening = open_moto()
        case TargetKind.DYNAMODB_LOCAL:
            opening = open_dynamodb_local()
        case TargetKind.ENDPOINT:
            opening = open_endpoint(spec.url or "", spec.region or DEFAULT_REGION)
        case TargetKind.AWS:
            opening = open_aws(spec)
        case TargetKind.NONE:
            raise ValueError("target none cannot be opened")
        case _:
            assert_never(spec.kind)
    with opening as target:
        yield target
