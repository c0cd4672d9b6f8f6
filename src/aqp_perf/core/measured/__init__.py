"""What a run measured: operations, failures, answers, and their merging."""
