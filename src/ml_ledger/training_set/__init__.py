"""The training set: which rows are trained and measured on, what is read from them, and whether they may be."""
