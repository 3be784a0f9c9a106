"""Families that run what a person wrote: an SQL rule, or an estimator of scikit-learn."""
