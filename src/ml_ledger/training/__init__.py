"""Training: is a version due, what does a run do, and what does the row say that it appends."""
