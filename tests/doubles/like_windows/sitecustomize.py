"""On ``PYTHONPATH``, takes away from each Python what Windows has not."""

import signal
import sys

for module in ("fcntl", "resource"):
    sys.modules[module] = None  # type: ignore[assignment]  # so that importing it fails
del signal.SIGHUP
