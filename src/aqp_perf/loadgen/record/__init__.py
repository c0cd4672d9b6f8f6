"""Records requests: from a request event to histograms."""
