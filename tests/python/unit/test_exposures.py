"""What dbt shows as reading the views is what reads them."""

from __future__ import annotations

import re

import pytest
import yaml
from conftest import ROOT

COMMANDS = ROOT / "src" / "ml_ledger" / "commands"
VIEWS = {path.stem for path in (ROOT / "models").rglob("ml_*.sql")}
EXPOSURES = {
    exposure["name"]: {re.findall(r"'(\w+)'", ref)[0] for ref in exposure["depends_on"]}
    for exposure in yaml.safe_load((ROOT / "models" / "_exposures.yml").read_text())["exposures"]
}


@pytest.mark.parametrize(
    ("exposure", "files"), [("ml_ledger_report", "report/*.py"), ("ml_ledger_metrics", "metrics.py")]
)
def test_an_exposure_depends_on_what_its_command_reads(exposure, files):
    code = "".join(path.read_text(encoding="utf-8") for path in COMMANDS.glob(files))
    assert EXPOSURES[exposure] == {name for name in re.findall(r"\bml_\w+", code) if name in VIEWS}
