"""Whether the rows that a version decides on, and their labels, still are like those that it was trained on."""
