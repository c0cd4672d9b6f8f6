"""Load runs: the locust command as a child, and what runs inside it."""
