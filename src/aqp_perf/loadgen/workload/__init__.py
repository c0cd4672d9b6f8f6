"""The state that the users of a run share: settings, due times, the end of the load."""
