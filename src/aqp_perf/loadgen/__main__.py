"""The locust command, for a working folder that has a ``perf`` of its own.

Locust puts the working folder before everything else. Whoever runs this has the right package by
then.
"""

from locust.main import main

if __name__ == "__main__":
    main()
