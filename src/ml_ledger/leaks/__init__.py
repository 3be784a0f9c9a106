"""Leaks: features that know more of a label than they could at the time of a decision."""
