"""The locust command of a load run. Imports no locust."""
