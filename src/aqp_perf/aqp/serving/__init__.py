"""The embedded AQP as an HTTP server over DynamoDB."""
