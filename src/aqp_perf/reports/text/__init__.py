"""Text reports for the terminal: runs, sessions, histories, and the progress of a run."""
