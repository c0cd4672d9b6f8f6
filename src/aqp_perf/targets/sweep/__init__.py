"""``python -m aqp_perf.targets.sweep``: find and delete tables that runs left behind."""
