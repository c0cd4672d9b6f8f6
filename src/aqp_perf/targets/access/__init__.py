"""Clients, credentials, roles and permissions."""
