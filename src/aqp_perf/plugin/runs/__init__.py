"""Load runs of a session: admission, cost, judging, audit."""
