"""Fitting: choose a candidate, fit it, calibrate it, set its threshold, and measure it."""
