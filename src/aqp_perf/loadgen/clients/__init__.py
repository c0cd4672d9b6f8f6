"""Clients that send signed DynamoDB requests and time the answers."""
