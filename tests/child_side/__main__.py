"""Run the tests of the code inside locust's processes: ``python -m tests.child_side``.

Importing locust patches sockets, threads and SSL of a process, so it has to come first, and these
tests need a process of their own.
"""

import locust  # isort: skip
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

if __name__ == "__main__":
    print(f"locust {locust.__version__}")  # noqa: T201 - for whoever reads the output
    options = ["--disable-plugin-autoload", "-p", "no:aqp_perf.plugin", "-p", "no:cacheprovider"]
    # The rest of the suite must not collect these tests; here they are what is asked for.
    options += ["-o", "norecursedirs=", "--rootdir", str(HERE.parents[1])]
    sys.exit(pytest.main([*options, str(HERE), *sys.argv[1:]]))
