"""How much load, when, for how long, and what it needs."""
