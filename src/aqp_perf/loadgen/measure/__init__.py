"""Measures a run inside locust: what is watched, and what spoils it."""
