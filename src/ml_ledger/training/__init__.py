"""Training: is a version due, may this training set be trained on, and what the appended row says."""
