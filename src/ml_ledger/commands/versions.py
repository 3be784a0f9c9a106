"""What a version is, as text: coefficients, splits of trees, or clusters."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from ml_ledger.commands.text_tables import rows_of, signed, table

UNITS = {
    "logit": "log-odds",
    "log": "logarithm of the label's units",
    "identity": "units of the score",
    "softmax": "log-odds, but for a constant, of each class",
    "shares": "probabilities of each class",
}


def version_as_rows(
    connection: duckdb.DuckDBPyConnection, ml_model: str, version: dict[str, Any]
) -> Iterable[str]:
    """The rows that score, in the form that suits the family. version: its row of ml_versions."""
    trees = _trees(connection, ml_model, version["version"])
    if version["link"] == "distance":
        yield from _clusters(connection, ml_model, version)
    elif trees:
        yield from trees
    elif version["algorithm"] == "python":
        yield "\nAn estimator, kept as ONNX: it has no coefficients, and its decisions cannot be replayed from any"
    else:
        yield from _coefficients(connection, ml_model, version["version"], version["link"])


def _trees(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int) -> list[str]:
    """Which features the trees split on, and how much their splits move; nothing where there are no trees."""
    rows = rows_of(
        connection,
        "with splits as (select parent.feature, parent.tree, abs(child.value - parent.value) as moved"
        " from ml_tree_nodes as parent inner join ml_tree_nodes as child"
        " on parent.ml_model = child.ml_model and parent.version = child.version and parent.tree = child.tree"
        " and child.node in (parent.left_node, parent.right_node) where parent.ml_model = ? and parent.version = ?)"
        " select feature, count(*) / 2 as splits, count(distinct tree) as trees,"
        " sum(moved) / sum(sum(moved)) over () as share from splits group by feature order by share desc",
        ml_model,
        version,
    )
    if not rows:
        return []
    (counts,) = rows_of(
        connection,
        "select count(distinct tree) as trees, count_if(node > 0) as leaves from ml_tree_nodes"
        " where ml_model = ? and version = ?",
        ml_model,
        version,
    )
    title = f"\nTrees (ml_tree_nodes): {counts['trees']:,} with {counts['leaves']:,} leaves"
    lines = [[row["feature"], f"{row['splits']:,.0f}", f"{row['trees']:,}", f"{row['share']:.1%}"] for row in rows]
    return [title, *table(["feature", "splits", "in trees", "of all changes of value"], lines)]


def _coefficients(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int, link: str) -> Iterable[str]:
    yield f"\nCoefficients (ml_coefficients; {UNITS[link]})"
    rows = rows_of(
        connection,
        "select coalesce(feature || case when applies_to <> 'value' and transform is not null then '.' || transform"
        " else '' end, case applies_to when 'expression' then '(rule)' else '(intercept)' end)"
        " || coalesce(' × ' || other_feature, '') as feature,"
        " applies_to, level, lower_bound, upper_bound, other_feature, other_applies_to, other_level,"
        " other_lower_bound, other_upper_bound, slope, slope_per_deviation, value, points, expression,"
        " centred_intercept"
        " from ml_coefficients where ml_model = ? and version = ?"
        " order by term, applies_to desc, lower_bound nulls first, level, other_applies_to desc,"
        " other_lower_bound nulls first, other_level",
        ml_model,
        version,
    )
    digits = {"slope": 6, "slope_per_deviation": 4, "value": 6, "points": 1}
    for name in ("slope_per_deviation", "points"):
        if all(row[name] is None for row in rows):
            del digits[name]
    yield from table(
        ["feature", "applies to", *(name.replace("slope_per", "per").replace("_", " ") for name in digits)],
        [[row["feature"], _cases(row), *(signed(row[name], n) for name, n in digits.items())] for row in rows],
    )
    for row in rows:
        if row["centred_intercept"] is not None and any(other["slope"] is not None for other in rows):
            yield f"  Where every term contributes its mean, the link score is {signed(row['centred_intercept'], 4)}."
    for row in rows:
        if row["expression"] is not None:
            yield f"\nRule (ml_coefficients; SQL)\n  {row['expression']}"


def _clusters(connection: duckdb.DuckDBPyConnection, ml_model: str, version: dict[str, Any]) -> Iterable[str]:
    """Sizes and centres, a column per cluster: of numbers in raw units, of categories the most frequent level."""
    yield "\nClusters (ml_coefficients; the centre of each, or its most frequent level)"
    rows = rows_of(
        connection,
        "select cast(output as integer) as cluster, term, feature || case when applies_to <> 'value' and transform"
        " is not null then '.' || transform else '' end as feature, applies_to, level, slope, value, transform"
        " from ml_coefficients where ml_model = ? and version = ? and applies_to <> 'unknown' order by all",
        ml_model,
        version["version"],
    )
    clusters = sorted({row["cluster"] for row in rows})
    sizes = json.loads(version["diagnostics"])
    lines = [["(rows)", *(f"{sizes[f'size.{k}']:,.0f}" if f"size.{k}" in sizes else "" for k in clusters)]]
    for feature in dict.fromkeys(row["feature"] for row in rows if row["feature"] is not None):
        of_feature = [row for row in rows if row["feature"] == feature]
        lines.append([feature, *(_centre([row for row in of_feature if row["cluster"] == k]) for k in clusters)])
    yield from table(["feature", *map(str, clusters)], lines)


def _centre(rows: Sequence[dict[str, Any]]) -> str:
    """Where a cluster's contribution of a feature is smallest."""
    lines = [row for row in rows if row["slope"] is not None]
    if not lines:  # a share s of the rows is worth a constant minus 2s
        nearest = min(rows, key=lambda row: row["value"])
        return str(nearest["level"] if nearest["applies_to"] == "level" else "missing")
    (line,) = lines
    if line["slope"] == 0:
        return "constant"
    x = -line["value"] / line["slope"]
    return f"{math.expm1(x) if line['transform'] == 'squared_log1p' else x:.4g}"


def _cases(row: dict[str, Any]) -> str:
    """When a coefficient row applies, in words; of a pair, for both features."""
    if row["other_feature"] is None:
        return _case(row)
    names = ("applies_to", "level", "lower_bound", "upper_bound")
    return f"{_case(row)}; {_case({name: row[f'other_{name}'] for name in names})}"


def _case(row: dict[str, Any]) -> str:
    """When a condition holds, in words."""
    if row["applies_to"] == "level":
        return f"= {row['level']}"
    if row["applies_to"] != "value" or (row["lower_bound"], row["upper_bound"]) == (None, None):
        return str(row["applies_to"])
    lower = "" if row["lower_bound"] is None else f"{row['lower_bound']:g} <= "
    upper = "" if row["upper_bound"] is None else f" < {row['upper_bound']:g}"
    return f"{lower}value{upper}"
