"""Families of trees, fitted by scikit-learn."""
