"""The credentials that sign requests, renewed in the background."""

import time
from collections.abc import Callable
from typing import Any

import gevent
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError

from aqp_perf.core.aws.sigv4 import Credentials
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.dynamodb import DynamoDbError

_LOOK_EVERY_S = 5.0
"""botocore renews credentials from 15 minutes before they expire."""

_PROCESS = "custom-process"
"""botocore's name for a ``credential_process``."""

RENEWAL_ERRORS = (BotoCoreError, ClientError, RuntimeError, OSError, LookupError)
"""What botocore raises beside ValueError while it gets credentials: no answer, no permission, a
missing file, a malformed answer, and a RuntimeError for new ones that have expired already."""


CredentialsSource = Callable[[], Credentials]
"""Returns the credentials to sign the next request with; the same object while they hold.

Raises DynamoDbError if they expired and could not be renewed."""


class RenewedCredentials:
    """botocore's credentials that expire, as a `CredentialsSource`.

    No request waits for new ones: a separate greenlet fetches them while the old ones hold.

    Args:
        held: botocore's.
        look_every_s: how often to see whether they must be renewed; botocore is too slow at that
            to be asked before each request.

    Raises:
        ValueError, or one of RENEWAL_ERRORS: there are none to begin with.
    """

    def __init__(
        self, held: RefreshableCredentials, *, look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        self._held: Any = held
        self._look_every_s = look_every_s
        self._frozen = self._held.get_frozen_credentials()
        self._credentials = _credentials(self._frozen)
        self._look_at_s = time.monotonic() + look_every_s
        self._renewal: gevent.Greenlet | None = None
        self._has_expired = False
        self._reason = "they are being renewed"

    def __call__(self) -> Credentials:
        """See `CredentialsSource`."""
        now_s = time.monotonic()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + self._look_every_s
            if self._renewal is None or self._renewal.ready():
                self._renewal = gevent.spawn(self._renew)
            self._has_expired = self._held.refresh_needed(refresh_in=0)
        if self._has_expired:
            raise expired(self._reason)
        return self._credentials

    def _renew(self) -> None:
        try:
            frozen = self._held.get_frozen_credentials()
            if frozen is not self._frozen:
                self._frozen, self._credentials = frozen, _credentials(frozen)
            self._has_expired = self._held.refresh_needed(refresh_in=0)
        except (*RENEWAL_ERRORS, ValueError) as error:
            self._reason = credentials_problem(error)


def source_of(held: Any) -> CredentialsSource:  # noqa: ANN401 - botocore is not typed
    """Return a source of botocore's credentials; raises what `RenewedCredentials` raises."""
    if isinstance(held, RefreshableCredentials):
        return RenewedCredentials(held)
    fixed = _credentials(held.get_frozen_credentials())
    return lambda: fixed


def expired(reason: str) -> DynamoDbError:
    """Return the error of a request that could not be signed."""
    return DynamoDbError(FailureClass.UNAUTHORIZED, "CredentialsExpired", reason)


def credentials_problem(error: Exception) -> str:
    """Return why there are no credentials, without what a ``credential_process`` wrote."""
    if isinstance(error, CredentialRetrievalError) and error.kwargs["provider"] == _PROCESS:
        return (
            f"no credentials from {_PROCESS}: the credential_process failed, run it yourself to "
            "see why (what it writes may hold secrets)"
        )
    return str(error)


def _credentials(frozen: Any) -> Credentials:  # noqa: ANN401 - botocore is not typed
    return Credentials(
        access_key=frozen.access_key, secret_key=frozen.secret_key, session_token=frozen.token
    )
