"""What metrics and value are to be expected before labels mature, from scores that are probabilities."""
