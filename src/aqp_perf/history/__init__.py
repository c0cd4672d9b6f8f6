"""The history of sessions: their results files, read as series with changes of level."""
