"""Load, judge and check DynamoDB tables and the Aggregation Query Proxy from pytest."""
