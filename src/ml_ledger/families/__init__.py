"""Model families, registered by name. One file each; a family turns training rows into coefficient rows."""

from ml_ledger.families import constant, logistic
from ml_ledger.families.base import Family

FAMILIES: dict[str, Family] = {family.name: family for family in (constant.FAMILY, logistic.FAMILY)}

__all__ = ["FAMILIES", "Family"]
