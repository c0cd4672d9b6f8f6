"""Text reports: terminal, progress, verdicts line by line."""
