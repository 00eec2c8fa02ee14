"""The availability import: a file of stock records, taken in chunks while customers reserve."""
