"""Judged runs, the results file, and series of earlier results."""
