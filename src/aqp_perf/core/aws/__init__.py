"""AWS: signatures, error codes, capacity units, prices, secrets in texts."""
