"""The history of sessions: kept as their result files, looked at for changes of level."""
