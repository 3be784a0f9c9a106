"""The checks of a training set, one subject per file."""
