"""What the text of a failure may show: no secret of ours, and nothing that cannot be written down.

The text goes to the screen, into files and from process to process; an endpoint may have sent back
whatever it was sent.
"""

from botocore.exceptions import CredentialRetrievalError

_PROCESS = "custom-process"
"""botocore's name for a ``credential_process``."""


def encodable(text: str) -> str:
    """Return ``text`` with what UTF-8 has no bytes for, as a lone surrogate, written as an escape.

    JSON can carry it; a report between processes cannot.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def text_of(exception: BaseException) -> str:
    """Return what an exception says, or its kind when it says nothing or cannot be asked."""
    try:
        return encodable(str(exception) or repr(exception))
    except Exception:  # noqa: BLE001 - an exception of a locustfile may do anything when asked
        return type(exception).__name__


def credentials_problem(error: Exception) -> str:
    """Return why credentials cannot be had, without what a ``credential_process`` wrote."""
    if isinstance(error, CredentialRetrievalError) and error.kwargs["provider"] == _PROCESS:
        return (
            f"no credentials from {_PROCESS}: the credential_process failed, run it yourself to "
            "see why (what it writes may hold secrets)"
        )
    return str(error)
