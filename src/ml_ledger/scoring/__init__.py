"""From coefficient rows to SQL: the compiled way of scoring."""
