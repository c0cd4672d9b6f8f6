"""The workloads that ship: locustfiles and their users."""
