"""Where the workload runs: moto, DynamoDB Local, any DynamoDB-compatible URL, or AWS."""
