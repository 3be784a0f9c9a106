"""From coefficient and node rows to SQL: the compiled way of scoring."""
