"""Activate the plugin in a clone that is not installed."""

pytest_plugins = ["aqp_perf.plugin"]
