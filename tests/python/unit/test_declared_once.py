"""What a declaration may say, and what it says by default, stands in the library alone; macros are given it."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from conftest import ROOT

from ml_ledger.declaration import for_macros
from ml_ledger.declaration.monitoring import Rule

GENERATED = ROOT / for_macros.PATH
# Files of SQL without their comments.
SQL = {
    path.name: re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    for folder in ("macros", "models", "tests/generic", "analyses")
    for path in sorted((ROOT / folder).rglob("*.sql"))
    if path != GENERATED
}
# Macros that read what was written: those that resolve it, and the names of ML models, which are needed before.
RESOLVING = {"resolved_spec.sql", "ml_model_spec.sql", "ml_model_names.sql"}
# Feature views are declared in the properties of dbt models, which macros read as they are.
OF_FEATURE_VIEWS = {"feature_view_spec.sql", "feature_view_problems.sql", "point_in_time_problems.sql"}

# Words that the library knows, more than three of a kind.
VOCABULARIES = [
    set(words)
    for words in (
        get_args(Rule),
        *(value for _, value in for_macros.VALUES.values() if isinstance(value, list)),
        *(
            key["words"]
            for keys in for_macros.declared_blocks().values()
            for key in keys.values()
            if "words" in key
        ),
    )
    if len(words) > 3
]
# What is no copy, and why.
NO_COPIES = {
    "alert_decisions_stopped.sql": "how many days each period has",
    "ml_outcomes.sql": "the tasks that have outcomes",
    "ml_performance.sql": "the tasks that have outcomes",
}


def test_the_macros_are_those_that_the_library_generates():
    assert GENERATED.read_text() == for_macros.generated(), "make reference"


@pytest.mark.parametrize(
    "pattern",
    [
        r"\.get\(([^(),]|\([^()]*\))*+,",  # a value for what is not there
        r"\bis (not )?mapping\b",
        r"\bspec(\.(?!unreadable)\w+)+ or (\d|'\w)",
        r"var\('ml_models'",
    ],
)
def test_macros_read_resolved_declarations(pattern):
    readers = {name: text for name, text in SQL.items() if re.search(r"\bspec\b|var\('ml_models'", text)}
    found = {name: match[0] for name, text in readers.items() if (match := re.search(pattern, text))}
    assert {name: text for name, text in found.items() if name not in RESOLVING | OF_FEATURE_VIEWS} == {}


def test_macros_hold_no_copy_of_a_vocabulary():
    """A copy is a list or a mapping of more than half of the words, where there are more than three."""
    copies = {
        name
        for name, text in SQL.items()
        for literal in re.findall(r"[\[{(]([^\[\](){}]+)[\]})]", text)
        for words in VOCABULARIES
        if len(found := set(re.findall(r"'(\w+)'", literal))) > len(words) / 2 and found <= words
    }
    assert copies == NO_COPIES.keys()
