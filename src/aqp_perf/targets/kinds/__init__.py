"""The kinds of targets, and how each is opened."""
