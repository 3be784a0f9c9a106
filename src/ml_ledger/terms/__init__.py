"""From declared features to the columns of a design matrix, and from fitted weights back to coefficient rows."""

from ml_ledger.terms.learn import learn_terms, rejected_by_declaration
from ml_ledger.terms.term import Term

__all__ = ["Term", "learn_terms", "rejected_by_declaration"]
