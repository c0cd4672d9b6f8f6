"""The locust command, with this package imported first.

Locust puts the working folder first in the import path, where another ``aqp_perf`` may stand.
"""

from locust.main import main

if __name__ == "__main__":
    main()
