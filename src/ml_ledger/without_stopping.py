"""Nodes that measure: a mistake in one declaration must not make dbt skip the views over all ML models."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import pyarrow as pa

from ml_ledger.errors import MLLedgerError
from ml_ledger.progress import say


def without_stopping(schema: pa.Schema) -> Callable[[Callable[..., pa.Table]], Callable[..., pa.Table]]:
    """Where a function raises an error of ours, say so and return a table of the schema without rows instead.

    schema: of what the function returns. What was measured before stays as it is. The function itself, which raises,
    is `__wrapped__`.
    """

    def decorate(measure: Callable[..., pa.Table]) -> Callable[..., pa.Table]:
        @wraps(measure)
        def measured(*, ml_model: str, **arguments: object) -> pa.Table:
            try:
                return measure(ml_model=ml_model, **arguments)
            except MLLedgerError as error:
                say(f"{ml_model}: {measure.__name__} has measured nothing: {error}", level="error")
                return schema.empty_table()

        return measured

    return decorate
