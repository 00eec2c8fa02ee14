"""Salesforce's Connect REST resources and Flow actions for Omnichannel Inventory."""
