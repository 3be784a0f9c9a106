"""Rules: one SQL expression over the features of one row, read into operations, written as SQL, and evaluated."""

from ml_ledger.rules.check import EXAMPLE, rule_problems
from ml_ledger.rules.evaluate import Values, evaluate
from ml_ledger.rules.operations import KIND_TYPES, Operation
from ml_ledger.rules.read import read_rule
from ml_ledger.rules.write import sql_of

__all__ = ["EXAMPLE", "KIND_TYPES", "Operation", "Values", "evaluate", "read_rule", "rule_problems", "sql_of"]
