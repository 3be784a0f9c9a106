"""How good a version is: metrics with confidence intervals, always against something else on the same rows."""
