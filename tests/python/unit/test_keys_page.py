"""The reference of keys: it is what the models say, says something about every key, and leads somewhere."""

import re
from collections.abc import Iterator

import pytest
import yaml
from conftest import ROOT

from ml_ledger.commands.keys import EXAMPLE, FIRST, PAGES, keys
from ml_ledger.commands.main import main
from ml_ledger.declaration import MLModelSpec, PartOfDate, parse_spec
from ml_ledger.declaration.features import FeatureBase
from ml_ledger.declaration.key_types import Strict
from ml_ledger.families import FAMILIES

DOCS = ROOT / "docs"
PAGE = keys()


def blocks(of: type[Strict] = Strict) -> Iterator[type[Strict]]:
    for block in of.__subclasses__():
        if block is not PartOfDate and block.__module__.startswith("ml_ledger."):  # nobody declares parts
            yield block
            yield from blocks(block)


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    named = re.findall(r'<a name="(.*?)">', text)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(named)


def test_the_committed_page_is_what_is_generated():
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == PAGE, "run `make reference`"


@pytest.mark.parametrize("block", [*blocks()], ids=lambda block: block.__name__)
def test_every_key_has_a_description_and_every_block_says_what_it_is_for(block):
    assert (block.__doc__ or "").strip().endswith(".")
    for name, field in block.model_fields.items():
        assert re.fullmatch(r"\S.*\.", field.description or ""), f"{block.__name__}.{name}"
        assert f"| `{field.alias or name}` | " in PAGE


def test_every_block_has_a_section_with_all_of_its_keys():
    tables = PAGE.split("## First level")[1].split("## Metrics with limits")[0]
    rows = re.findall(r"^\| `\w+` \| .*\.", tables, re.MULTILINE)
    of_features = 3 * len(FeatureBase.model_fields)  # listed once for four kinds
    declared = sum(len(block.model_fields) for block in blocks() if block is not FeatureBase)
    assert len(rows) == declared - of_features


def test_every_hyperparameter_of_every_family_is_listed_with_its_default():
    table = PAGE.split("## Hyperparameters")[1]
    for family in FAMILIES.values():
        for name in family.hyperparameters:
            assert re.search(rf"^\| .*`{family.name}`.* \| `{name}` \| \S", table, re.MULTILINE), (
                family.name,
                name,
            )


def test_twelve_keys_to_start_with_are_those_of_an_example_that_is_valid():
    (declared,) = yaml.safe_load(EXAMPLE)["vars"]["ml_models"].items()
    assert parse_spec(*declared).task == "binary"
    assert list(declared[1]) == list(FIRST)
    assert len(FIRST) == 12
    required = {name for name, field in MLModelSpec.model_fields.items() if field.is_required()}
    assert required <= set(FIRST)


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([\w/]*\.md)?(?:#([\w-]+))?\)", PAGE)
    assert len(links) > 40
    for file, anchor in links:
        text = (DOCS / file).read_text(encoding="utf-8") if file else PAGE
        assert not anchor or anchor in anchors(text), f"{file}#{anchor}"
    for file in PAGES.values():
        assert f"]({file})" in PAGE


def test_the_command_prints_the_page(capsys):
    assert main(["keys"]) == 0
    assert capsys.readouterr().out == PAGE
