"""The embedded AQP stand-in: SQL in, aggregated JSON out."""
