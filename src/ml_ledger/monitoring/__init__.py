"""How a version does in use, by period: `measure_performance`."""
