"""Latency samples: histograms, slices of time, intervals."""
