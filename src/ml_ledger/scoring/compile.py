"""Write a version's rows as SQL, with sqlglot: layers of selects, each reading the columns of the one before.

The text is kept on the version when it is trained; the predictions node inlines it. Nothing is transpiled or
computed while scoring runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from ml_ledger.coefficients import CALIBRATION, Coefficient, Link, Node
from ml_ledger.errors import VersionError
from ml_ledger.finite_json import finite_json
from ml_ledger.scoring.expressions import transpiled
from ml_ledger.scoring.onnx import OnnxScoring
from ml_ledger.scoring.outputs import output_layers, with_finite_scores
from ml_ledger.scoring.term_sql import calibration, contribution, contribution_of_expression
from ml_ledger.scoring.trees import TREES_PER_PASS, leaf_number, leaf_value
from ml_ledger.scoring.words import double_in, rendered

FORMAT_VERSION = 2

# What each layer calls its columns: value of the expression, and contribution, of term t to output o; leaf of tree t;
# link score of output o.
EXPRESSION, CONTRIBUTION = "_ml_expression{output}_{term}", "_ml_c{output}_{term}"
LEAF, LINK = "_ml_leaf{tree}", "_ml_link{output}"

# What the first layer reads of a version that is an estimator, beside the features: its score for output o.
ESTIMATE = "_ml_onnx{output}"


@dataclass(frozen=True)
class Term:
    """A feature's part in an output's link score. reference: its mean contribution over the training rows.

    feature: None for the expression of a rule; of a pair of features no column, but `pair_name`.
    """

    feature: str | None
    reference: float


@dataclass(frozen=True)
class Output:
    """One output of a version. base: SQL literal of the link score of an average training row."""

    name: str
    base: str
    terms: Sequence[Term]


@dataclass(frozen=True)
class CompiledScoring:
    """What the predictions node needs to score with a version.

    link: how link scores become scores. features: columns that are read. trees: how many trees there are.
    layers: from column to SQL, one mapping per select; each reads the features and the columns of the layers before.
    The last leaves `_ml_link` and `_ml_score` (of the predicted output, where there are several), `_ml_predicted` (its
    name; NULL where there is one output) and `_ml_output1`, `_ml_output2`, ... (the scores of all outputs). Where a row
    cannot be scored, they are NULL.
    estimator: of a version that is one. The source of the layers must then have its scores as `_ml_onnx1`, `_ml_onnx2`,
    ..., in the order of outputs, NULL where it has none.
    """

    dialect: str
    link: Link
    features: Sequence[str]
    outputs: Sequence[Output]
    layers: Sequence[Mapping[str, str]]
    trees: int = 0
    estimator: OnnxScoring | None = None

    def select(self, source: str, columns: Sequence[str]) -> str:
        """SQL that selects columns of the source and of the layers; `source` is a relation or a select in brackets."""
        for number, layer in enumerate(self.layers, 1):
            added = ", ".join(f"{sql} as {name}" for name, sql in layer.items())
            source = f"(select *, {added} from {source}) as _ml_layer{number}"
        return f"select {', '.join(columns)} from {source}"

    def to_json(self) -> str:
        """The form stored on a version, without the bytes of an estimator."""
        estimator = None if self.estimator is None else self.estimator.stored()
        stored = {**asdict(replace(self, estimator=None)), "estimator": estimator}
        return finite_json({"format_version": FORMAT_VERSION, **stored}, what="scoring")

    @classmethod
    def from_json(cls, text: str, onnx: bytes | None = None) -> CompiledScoring:
        """Read the form stored on a version, of this or any earlier format.

        onnx: the bytes of its estimator, where it is one.
        Raises VersionError for a format that a later ml_ledger wrote.
        """
        stored = json.loads(text)
        if stored["format_version"] > FORMAT_VERSION:
            raise VersionError(
                f"scoring: the version was stored by a later ml_ledger; got format {stored['format_version']}."
                f" Allowed: up to {FORMAT_VERSION}. Fix: upgrade ml_ledger."
            )
        if stored["format_version"] == 1:
            return _of_format_1(stored)
        outputs = [
            Output(output["name"], output["base"], [Term(**term) for term in output["terms"]])
            for output in stored["outputs"]
        ]
        return cls(
            dialect=stored["dialect"],
            link=stored["link"],
            features=stored["features"],
            outputs=outputs,
            layers=with_finite_scores(stored["layers"], stored["link"], stored["dialect"]),
            trees=stored["trees"],
            estimator=None if onnx is None else OnnxScoring.of_version(text, onnx),
        )


def compile_scoring(
    coefficients: Iterable[Coefficient],
    *,
    link: Link,
    dialect: str,
    nodes: Sequence[Node] = (),
    estimator: OnnxScoring | None = None,
) -> CompiledScoring:
    """Compile the rows of a version.

    coefficients: rows ordered by output and term, those that calibrate last. nodes: of its trees, ordered by tree.
    dialect: a sqlglot dialect name, the warehouse's. estimator: whose scores are added to the rows; its outputs are
    theirs, in the same order.
    """
    trees = [list(rows) for _, rows in groupby(nodes, key=lambda node: node.tree)]
    calibrating: dict[str, str] = {}
    factor: float | None = None
    outputs: list[Output] = []
    expressions: dict[str, str] = {}
    contributions: dict[str, str] = {}
    links: dict[str, str] = {}
    columns: dict[str, None] = {}
    for number, (name, output_rows) in enumerate(groupby(coefficients, key=lambda row: row.output), 1):
        if name == CALIBRATION:
            rows = list(output_rows)
            if link in ("softmax", "shares"):
                factor = rows[0].slope
            else:
                calibrating["_ml_calibrated"] = rendered(calibration(rows, dialect), dialect)
            continue
        terms = [list(rows) for _, rows in groupby(output_rows, key=lambda row: row.term)]
        intercept = terms[0][0].value or 0.0
        parts = [rendered(double_in(intercept, dialect), dialect)]
        for term, rows in enumerate(terms[1:], 1):
            read = (rows[0].feature, rows[0].other_feature)
            columns |= dict.fromkeys(name for name in read if name is not None)
            column = CONTRIBUTION.format(output=number, term=term)
            if rows[0].expression is None:
                contributions[column] = rendered(contribution(rows, dialect), dialect)
            else:
                value = EXPRESSION.format(output=number, term=term)
                expressions[value] = rendered(transpiled(rows[0].expression, dialect), dialect)
                contributions[column] = rendered(contribution_of_expression(rows[0], value, dialect), dialect)
            parts.append(column)
        parts += [
            rendered(leaf_value(tree, LEAF.format(tree=tree[0].tree), dialect), dialect)
            for tree in trees
            if tree[0].output == name
        ]
        if estimator is not None:
            parts.append(ESTIMATE.format(output=number))
        links[LINK.format(output=number)] = " + ".join(parts)
        base = intercept + sum(rows[0].reference for rows in terms[1:])
        outputs.append(
            Output(
                name=name,
                base=rendered(double_in(base, dialect), dialect),
                terms=[Term(rows[0].name, rows[0].reference) for rows in terms[1:]],
            )
        )
    passes = [
        {LEAF.format(tree=tree[0].tree): rendered(leaf_number(tree, dialect), dialect) for tree in some}
        for some in (trees[start : start + TREES_PER_PASS] for start in range(0, len(trees), TREES_PER_PASS))
    ]
    score_of = "_ml_calibrated" if calibrating else "_ml_link1"
    scored_by = "logit" if calibrating else link
    names = [output.name for output in outputs]
    scores = output_layers(names, scored_by, dialect, score_of=score_of, factor=factor)
    layers = [expressions, contributions, *passes, links, calibrating, *scores]
    return CompiledScoring(
        dialect=dialect,
        link=link,
        features=list(columns),
        outputs=outputs,
        layers=[layer for layer in layers if layer],
        trees=len(trees),
        estimator=estimator,
    )


def _of_format_1(stored: Mapping[str, Any]) -> CompiledScoring:
    """A version of one output, whose terms held their SQL."""
    terms: list[dict[str, Any]] = stored["terms"]
    columns = [CONTRIBUTION.format(output=1, term=number) for number in range(1, len(terms) + 1)]
    contributions = {column: str(term["expression"]) for column, term in zip(columns, terms, strict=True)}
    link = {LINK.format(output=1): " + ".join([str(stored["intercept"]), *columns])}
    dialect = str(stored["dialect"])
    kind: Link = stored["link"]
    output = Output(
        "score", str(stored["base"]), [Term(str(t["feature"]), float(str(t["reference"]))) for t in terms]
    )
    return CompiledScoring(
        dialect=dialect,
        link=kind,
        features=list(dict.fromkeys(str(term.feature) for term in output.terms)),
        outputs=[output],
        layers=[layer for layer in (contributions, link, *output_layers(["score"], kind, dialect)) if layer],
    )
