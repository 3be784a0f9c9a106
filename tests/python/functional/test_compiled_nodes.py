"""The SQL of whole nodes as dbt compiles it, kept under tests/golden/nodes, so that somebody reads how it changes."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, Project

GOLDEN = ROOT / "tests" / "golden" / "nodes"
NODES = (
    "customer_purchase_features",
    "ml_experiments",
    "repurchase_alerts",
    "repurchase_deployments",
    "repurchase_predictions",
    "repurchase_training_set",
)
RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Numbers of a fit, which processors round in their own way.
FITTED = re.compile(r"\b\d+\.\d{5,}(e[+-]?\d+)?\b")


@pytest.mark.parametrize("node", NODES)
def test_nodes_compile_to_golden_sql(full: Project, node: str, request):
    found = (full.folder / "target" / "compiled").rglob(f"{node}.sql")
    (compiled,) = (path for path in found if path.parent.suffix != ".yml")  # those are of data and unit tests
    text = readable(compiled)
    golden = GOLDEN / f"{node}.txt"
    if request.config.getoption("--refresh-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "read the difference, then: pytest --refresh-golden"


def readable(compiled: Path) -> str:
    text = RUN.sub("<invocation_id>", compiled.read_text(encoding="utf-8"))
    text = FITTED.sub(lambda number: f"{float(number[0]):.4g}", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
