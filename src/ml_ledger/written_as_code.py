"""Names in the code that dbt makes of a Python model.

dbt writes a declaration into it as `repr` gives it: nan, inf, datetime.date(2024, 1, 31). Python does not know these
names, so the node would fail before anything could say what is wrong with the declaration, and dbt would skip the views
over all other ML models.
"""

from __future__ import annotations

import builtins
import datetime
import math

for _name, _value in {"nan": math.nan, "inf": math.inf, "datetime": datetime}.items():
    if not hasattr(builtins, _name):
        setattr(builtins, _name, _value)
