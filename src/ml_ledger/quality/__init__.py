"""Findings about a training set: what in its rows, columns and labels would spoil a model trained on them."""
