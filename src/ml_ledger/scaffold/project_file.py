"""Text put into dbt_project.yml and packages.yml where it belongs, and everything else left as it is written."""

from __future__ import annotations

import textwrap

import yaml

from ml_ledger.errors import SpecError


def with_entry(text: str, keys: tuple[str, ...], entry: str, *, what: str) -> str:
    """A YAML text with an entry at the end of a mapping, which is made where it is missing.

    Parameters
    ----------
    text
        The file. Comments, order and quotes stay as they are.
    keys
        Keys that lead to the mapping, outermost first.
    entry
        Lines of YAML, not indented: `key: value`, or `- item` for a list.
    what
        How messages call the file.

    Raises
    ------
    SpecError
        Where a key on the way holds something that nothing can be added to, such as a flow mapping with entries.
    """
    node = yaml.compose(text, yaml.SafeLoader)
    lines = text.splitlines()
    indent, at = 0, len(lines)
    for depth, key in enumerate(keys):
        found = _value(node, key)
        if found is None:
            block = textwrap.indent(entry.rstrip("\n"), "  " * (len(keys) - depth))
            for level, missing in reversed(list(enumerate(keys[depth:]))):
                block = f"{'  ' * level}{missing}:\n{block}"
            head = [""] if depth == 0 and lines and lines[-1].strip() else []
            lines[at:at] = [*head, *textwrap.indent(block, " " * indent).splitlines()]
            return "\n".join(lines) + "\n"
        name, value = found
        empty = not value.value or value.tag == "tag:yaml.org,2002:null"
        if empty:
            line = name.end_mark.line
            comment = lines[value.end_mark.line][value.end_mark.column :].partition("#")
            lines[line] = lines[line][: name.end_mark.column] + ":" + (f"  #{comment[2]}" if comment[1] else "")
            indent, at, node = name.start_mark.column + 2, line + 1, None
        elif isinstance(value, yaml.CollectionNode) and not value.flow_style:
            indent = value.start_mark.column
            at, node = _end(value) + 1, value
        else:
            where = ".".join(keys[: depth + 1])
            raise SpecError(
                f"{what}: {where} is written on one line, so that nothing can be added to it. Fix: write each of its"
                " keys on a line of its own, or add this by hand:\n" + textwrap.indent(entry, "  ")
            )
    lines[at:at] = textwrap.indent(entry.rstrip("\n"), " " * indent).splitlines()
    return "\n".join(lines) + "\n"


def _value(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(((name, value) for name, value in node.value if name.value == key), None)


def _end(node: yaml.Node) -> int:
    """The last line of a node: that of its last scalar, since a block ends where the next one begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return node.end_mark.line - 1
    return node.end_mark.line
