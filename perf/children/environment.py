"""The environment of a child process, which may hold secrets."""


class ChildEnvironment(dict[str, str]):
    """Environment variables that are not shown: pytest prints the local variables of a failure."""

    def __repr__(self) -> str:
        """Say no more than how many there are."""
        return f"<{len(self)} environment variables>"
