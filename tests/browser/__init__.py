"""The back office as its users see it, in a real Chromium.

One server on a database of its own, with the demo in it, serves all tests of this package. Tests
share its state: each works on items, documents and places of its own.
"""
