"""Load runs: the locust command as a child process, and the code that runs inside it.

Of these folders only ``command`` runs in pytest's process, which has neither locust nor gevent.
"""
