"""The record: rows that carry the hash of their content and of the row before, and how anyone verifies them."""
