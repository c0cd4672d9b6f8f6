"""Texts of failures: encodable, and without what a ``credential_process`` wrote.

They go to the screen, into files and from process to process.
"""

from botocore.exceptions import CredentialRetrievalError

_PROCESS = "custom-process"
"""botocore's name for a ``credential_process``."""


def encodable(text: str) -> str:
    """Return ``text`` with lone surrogates escaped: JSON can carry them, UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def text_of(exception: BaseException) -> str:
    """Return the text of an exception, or its class name if it has none or fails to make one."""
    try:
        return encodable(str(exception) or repr(exception))
    except Exception:  # noqa: BLE001 - a locustfile's exception may do anything here
        return type(exception).__name__


def credentials_problem(error: Exception) -> str:
    """Return why there are no credentials, without what a ``credential_process`` wrote."""
    if isinstance(error, CredentialRetrievalError) and error.kwargs["provider"] == _PROCESS:
        return (
            f"no credentials from {_PROCESS}: the credential_process failed, run it yourself to "
            "see why (what it writes may hold secrets)"
        )
    return str(error)
