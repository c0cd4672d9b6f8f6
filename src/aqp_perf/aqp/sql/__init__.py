"""The SQL of the embedded AQP: read a query, aggregate the items it reads."""
