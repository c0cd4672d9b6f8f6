"""Thresholds, metrics, and how a run is judged."""
