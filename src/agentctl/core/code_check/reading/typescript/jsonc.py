"""Parses JSON with comments and trailing commas, as in tsconfig.json, with JavaScript's grammar.

It evaluates nothing: only objects, lists and literals are allowed.
"""

import json

from tree_sitter import Node

from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.syntax import children_of, make_parser

_DEEPEST = 100  # levels; a configuration file has about five


def parse_jsonc(content: bytes) -> object:
    """Return the value of a text; None if it is not valid."""
    # The text can end with a comment that has no end of line.
    root = (
        make_parser(Language.JAVASCRIPT)
        .parse(b"(" + content.removeprefix(b"\xef\xbb\xbf") + b"\n)")
        .root_node
    )
    statements = children_of(root)
    if root.has_error or len(statements) != 1:
        return None
    try:
        return _evaluate_node(_get_only_child(_get_only_child(statements[0])), _DEEPEST)
    except ValueError:
        return None


def _evaluate_node(node: Node, levels: int) -> object:
    if not levels:
        msg = "nested too deeply"
        raise ValueError(msg)
    if node.type == "object":
        return dict(_read_pair(child, levels - 1) for child in children_of(node))
    if node.type == "array":
        return [_evaluate_node(child, levels - 1) for child in children_of(node)]
    literal: object = json.loads(node.text or b"", strict=False)
    return literal


def _read_pair(node: Node, levels: int) -> tuple[str, object]:
    parts = children_of(node)
    if node.type != "pair" or [parts[0].type, len(parts)] != ["string", 2]:
        msg = "no property with a name in quotes"
        raise ValueError(msg)
    return str(_evaluate_node(parts[0], levels)), _evaluate_node(parts[1], levels)


def _get_only_child(node: Node) -> Node:
    children = children_of(node)
    if len(children) != 1:
        msg = "more than one value"
        raise ValueError(msg)
    return children[0]
