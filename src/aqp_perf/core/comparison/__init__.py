"""A run against a baseline: rules, figures, and whether a change is proven."""
