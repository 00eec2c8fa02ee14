"""API clients, their tokens and scopes, and how often a tenant may call."""
