"""Families whose score is linear in its design columns, fitted by `solvers`."""
