"""Omnitron: orders that hold stock until the ERP has mapped their lines."""
