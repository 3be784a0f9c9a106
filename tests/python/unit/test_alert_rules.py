"""What the library, the macros and the pages of documentation say of rules is the same."""

import re
import typing

from conftest import ROOT

from ml_ledger.declaration.monitoring import Rule

RULES = set(typing.get_args(Rule))


def test_every_rule_has_a_page_and_a_line_in_the_list_of_pages():
    assert {page.stem for page in (ROOT / "docs" / "alerts").glob("*.md")} == RULES
    listed = re.findall(
        r"^\| \[(\w+)\]\(alerts/(\w+)\.md\)", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE
    )
    assert sorted(listed) == sorted((rule, rule) for rule in RULES)


def test_the_library_knows_the_rules_of_the_macros():
    text = (ROOT / "macros" / "_internal" / "alerts" / "alert_rules.sql").read_text()
    parts = re.search(r"for part in \[(.*?)\]", text)[1]
    of_drift = {f"{part}_drift" for part in re.findall(r"'(\w+)'", parts)}
    named = set(re.findall(r"^\s*'(\w+)': ml_ledger\.alert_|found\.update\(\{'(\w+)': ", text, re.MULTILINE))
    assert {name for pair in named for name in pair if name} | of_drift == RULES
