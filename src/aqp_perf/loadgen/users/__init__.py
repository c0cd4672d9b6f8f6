"""Base classes of Locust users."""
