"""The SQL of the embedded AQP: parsed, planned, evaluated."""
