"""Families that put rows into clusters."""
