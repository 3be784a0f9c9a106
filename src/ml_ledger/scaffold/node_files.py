"""The nodes that a declaration needs, as the files that `ml-ledger sync` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ml_ledger.declaration import MLModelSpec

# The first lines of files that were written; a file without one is its author's, and left as it is.
MADE_SQL = "{# Written by `ml-ledger sync`; edit it if you like, it is not written again. #}"
MADE_PYTHON = (
    "# Written by `ml-ledger sync`, again whenever the declaration changes: edit the declaration instead."
)
MADE_YAML = "# Written by `ml-ledger sync`, which only adds what is missing: add columns and tests as you like."

APPENDED = {
    "materialized": '"incremental"',
    "incremental_strategy": '"append"',
    "full_refresh": "False",
    "on_schema_change": '"append_new_columns"',
}
WIDTH = 100

# What a node holds, by its name: the description that dbt shows.
DESCRIPTIONS = {
    "training_set": "One row per entity and as-of date: the features as they were, the label, and how the row is used.",
    "versions": "One row per trained version. Appended, never changed. Query `ml_versions`.",
    "training_quality": "One row per finding about the training set. Query `ml_training_quality`.",
    "training_rows": "One row per version and row that it was trained on. Appended. Query `ml_training_rows`.",
    "deployments": "One row per verdict of the gate or operation. Appended, never changed. Query `ml_deployments`.",
    "scores": "One row per entity, slot and output: what live versions that are estimators say.",
    "predictions": "One row per entity, as-of date and slot: score, decision, reasons and inputs. Appended, never"
    " changed. Query `ml_predictions`.",
    "batches": "One row per run that appended predictions, with a hash over all of them. Query `ml_batches`.",
    "outcomes": "One row per prediction whose label has matured at the clock. Query `ml_outcomes`.",
    "performance": "One row per version, slot, period, slice and metric in use. Query `ml_performance`.",
    "drift": "One row per version, slot, period and column: how its rows differ from training. Query `ml_drift`.",
    "alerts": "One row per check of the alert rules, finding and acknowledgement. Query `ml_alerts`.",
    "review_queue": "One row per decision that people should look at. Appended. Query `ml_review_queue`.",
    "feedback": "One row per verdict, override or agreement of a person. Appended. Query `ml_feedback`.",
}  # fmt: skip


@dataclass(frozen=True)
class NodeFile:
    """A node of an ML model: its file name without a folder, and its whole text."""

    ml_model: str
    node: str
    suffix: str
    text: str

    @property
    def name(self) -> str:
        """The name of the dbt model."""
        return f"{self.ml_model}_{self.node}"

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.name + self.suffix

    @property
    def is_python(self) -> bool:
        """Whether it is a Python model, which is written again when the declaration changes."""
        return self.suffix == ".py"

    def properties(self, columns: Mapping[str, str]) -> str:
        """Its entry in the list `models` of a properties file, not indented, with what its columns hold."""
        lines = [f"- name: {self.name}", f"  description: {json.dumps(DESCRIPTIONS[self.node])}"]
        if self.is_python and self.node != "scores":
            meta = "{ml: \"{{ (var('ml_models', none) or {}).get('" + self.ml_model + "') }}\"}"
            lines += ["  config:", f"    meta: {meta}"]
        if columns:
            lines += ["  columns:", *(f"    - {column_properties(*column)}" for column in columns.items())]
        return "\n".join(lines) + "\n"


def column_properties(name: str, description: str) -> str:
    """A column of a properties file, on one line."""
    words = json.dumps(description, ensure_ascii=False)
    return (
        f"{{name: {name if name.isidentifier() else json.dumps(name, ensure_ascii=False)}, description: {words}}}"
    )


def node_files(ml_model: str, spec: MLModelSpec) -> list[NodeFile]:
    """The nodes that a declaration with `relations` needs, in the order in which they run."""
    assert spec.relations is not None
    return [
        NodeFile(ml_model, node, ".sql", f"{MADE_SQL}\n{{{{ ml_ledger.{node}('{ml_model}') }}}}\n")
        if config is None
        else NodeFile(ml_model, node, ".py", _python_text(ml_model, node, config, reads))
        for node, config, reads in _needed(ml_model, spec)
    ]


Needed = tuple[str, "Mapping[str, str] | None", Mapping[str, str]]


def _needed(ml_model: str, spec: MLModelSpec) -> Iterator[Needed]:
    """By node: the configuration and the relations of one in Python; None and nothing for one in SQL."""
    assert spec.relations is not None
    own = {node: f'dbt.ref("{ml_model}_{node}")' for node in DESCRIPTIONS}
    features = _read(spec.relations.features)
    families = {algorithm.family for algorithm in spec.algorithms().values()}
    is_labelled = spec.task != "clustering"
    yield "training_set", None, {}
    alerts = {"alerts": 'dbt.ref("ml_ledger", "ml_last_alerts")'} if spec.retraining.on_alerts else {}
    yield "versions", APPENDED, {"training_set": own["training_set"], **alerts}
    if spec.training_quality is not None:
        yield "training_quality", _replaced("ml_model"), {"training_set": own["training_set"]}
    if spec.keep_training_set != "none":
        yield "training_rows", None, {}
    yield "deployments", None, {}
    if "python" in families:
        reads = {"features": features, "versions": own["versions"], "deployments": own["deployments"]}
        yield "scores", {"materialized": '"table"'}, {**reads, "clock": 'dbt.ref("ml_ledger", "ml_clock")'}
    yield "predictions", None, {}
    yield "batches", None, {}
    if is_labelled:
        yield "outcomes", None, {}
    decided = {"predictions": own["predictions"], "versions": own["versions"]}
    outcomes = {"outcomes": own["outcomes"]} if is_labelled else {}
    if spec.monitoring is not None and is_labelled:
        attributes = {"attributes": features} if spec.fairness is not None else {}
        yield "performance", _replaced("group_key"), {**decided, **outcomes, **attributes}
    if spec.monitoring is not None and spec.monitoring.drift is not None:
        kept = {"training_rows": own["training_rows"]} if spec.keep_training_set == "full" else {}
        yield "drift", _replaced("group_key"), {**decided, **outcomes, **kept, "features": features}
    if spec.monitoring is not None and spec.monitoring.alerts is not None:
        yield "alerts", None, {}
    if spec.review is not None:
        yield "review_queue", None, {}
        yield "feedback", None, {}


def _replaced(key: str) -> dict[str, str]:
    return {"materialized": '"incremental"', "incremental_strategy": '"delete+insert"', "unique_key": f'"{key}"'}


def _read(relation: str) -> str:
    source, _, table = relation.rpartition(".")
    return f'dbt.source("{source}", "{table}")' if source else f'dbt.ref("{table}")'


def _python_text(ml_model: str, node: str, config: Mapping[str, str], reads: Mapping[str, str]) -> str:
    given = [f'"{ml_model}"', *(f"{name}={relation}" for name, relation in reads.items())]
    spec = []
    if node != "scores":
        given[1:1] = ["dbt", "session", "spec"]
        spec = ['    spec = dbt.config.meta_get("ml")']
    settings = [f"{name}={value}" for name, value in config.items()]
    lines = [
        MADE_PYTHON,
        "from ml_ledger import nodes",
        "",
        "",
        "def model(dbt, session):",
        *_call("dbt.config", settings),
        *spec,
        *_call(f"return nodes.{node}", given),
    ]
    return "\n".join(lines) + "\n"


def _call(function: str, arguments: list[str]) -> list[str]:
    """A call in the body of a function, on one line where it fits, else with an argument on each."""
    line = f"    {function}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return [line]
    return [f"    {function}(", *(f"        {argument}," for argument in arguments), "    )"]
