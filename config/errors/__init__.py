"""How refusals and errors are written: one table for each wire format."""
