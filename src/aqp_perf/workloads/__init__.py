"""The shipped workloads: a locustfile with its user classes."""
