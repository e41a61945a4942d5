"""Parses TypeScript, TSX and JavaScript with tree-sitter; any bytes are accepted.

It knows the positions of nodes and the meaning of escapes, and nothing about names or scopes.
"""

import re
from collections.abc import Mapping
from functools import cache, cached_property

import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Node, Parser, Query, QueryCursor

from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.components import scripts_of
from agentctl.core.code_check.reading.typescript.gaps import fill_gaps
from agentctl.core.location import Location

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})")
_NAMES = """
(call_expression function: [
  (identifier) @called
  (member_expression object: [(identifier) (this)] @called)
  (member_expression object: (member_expression object: [(identifier) (this)] @called))
])
(variable_declarator name: (identifier) @made value: [
  (new_expression) (call_expression function: (identifier))
])
"""
_HIGHEST = 0x10FFFF
FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "generator_function_declaration",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
LOOP = "for_in_statement"
BLOCKS = frozenset({"program", "statement_block", "switch_case", "switch_default", "for_statement", LOOP})
WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
        "await_expression",
        "spread_element",
        "computed_property_name",
    }
)
"""Nodes around an expression that do not change its value."""


_GRAMMARS = {
    Language.TYPESCRIPT: tree_sitter_typescript.language_typescript,
    Language.TSX: tree_sitter_typescript.language_tsx,
    Language.JAVASCRIPT: tree_sitter_javascript.language,
    Language.COMPONENT: tree_sitter_typescript.language_typescript,
}


@cache
def _make_query(language: Language) -> Query:
    scopes = (f"({kind}) @scope" for kind in sorted(FUNCTIONS | BLOCKS))
    return Query(tree_sitter.Language(_GRAMMARS[language]()), "\n".join((_NAMES, *scopes)))


@cache
def make_parser(language: Language) -> Parser:
    """Return the parser of a language."""
    return Parser(tree_sitter.Language(_GRAMMARS[language]()))


class Source:
    """One file's text and its syntax tree."""

    def __init__(self, content: bytes, language: Language) -> None:
        self._language = language
        content = scripts_of(content) if language is Language.COMPONENT else content
        self.content, self.root = _parse_best(content, language)
        self._ascii = content.isascii()

    def text(self, node: Node | None) -> str:
        """Return the text of a node; an empty one if there is no node."""
        return "" if node is None else self.content[node.start_byte : node.end_byte].decode(errors="replace")

    def locate(self, node: Node) -> Location:
        """Return where a node begins; the file has no name here."""
        row, column = node.start_point
        if not self._ascii:
            start = node.start_byte - column
            column = len(self.content[start : node.start_byte].decode(errors="replace"))
        return Location("", row + 1, column + 1)

    def first_error(self) -> Node | None:
        """Return the first node that the grammar did not understand, if there is one."""
        return _find_first_error(self.root)

    @cached_property
    def captured(self) -> Mapping[str, list[Node]]:
        """The nodes that one walk through the whole tree finds.

        `scope`: each scope. `called`: the first name of each call, such as `a` in `a.b.c()`. `made`: each
        variable that holds the result of a constructor or a function.
        """
        return QueryCursor(_make_query(self._language)).captures(self.root)

    def list_scopes(self) -> list[Node]:
        """Return all nodes that are scopes, in the order of the text, outer ones first."""
        return sorted(self.captured.get("scope", []), key=lambda node: (node.start_byte, -node.end_byte))

    def find_occurrences(self, name: str, within: Node) -> list[Node]:
        """Return the nodes inside another node whose text is a name."""
        word, nodes = name.encode(), []
        position = self.content.find(word, within.start_byte, within.end_byte)
        while position >= 0:
            node = self.root.descendant_for_byte_range(position, position + 1)
            if node is not None and (node.start_byte, node.end_byte) == (position, position + len(word)):
                nodes.append(node)
            position = self.content.find(word, position + len(word), within.end_byte)
        return nodes


def _parse_best(content: bytes, language: Language) -> tuple[bytes, Node]:
    """Parse a text; if it has an error and filling the grammar's gaps gets further, parse the filled text."""
    root = make_parser(language).parse(content).root_node
    error = _find_first_error(root)
    other = content if error is None else fill_gaps(content)
    if error is None or other == content:
        return content, root
    second = make_parser(language).parse(other).root_node
    further = _find_first_error(second)
    better = further is None or further.start_byte > error.start_byte
    return (other, second) if better else (content, root)


def _find_first_error(root: Node) -> Node | None:
    node = root
    while node.has_error and not node.is_error and not node.is_missing:
        node = next((child for child in node.children if child.has_error or child.is_missing), node)
        if not node.children:
            break
    return node if root.has_error else None


def unescaped(text: str) -> str:
    """Return the character that an escape sequence of a string literal stands for."""
    if code := _CODE.fullmatch(text):
        number = int(next(filter(None, code.groups())), 16)
        return chr(number) if number <= _HIGHEST else ""
    return _ESCAPES.get(text[1:], text[1:])


def inner_of(node: Node) -> Node | None:
    """Return the expression inside parentheses, a cast, `await` or `...`."""
    if node.type == "type_assertion":  # `<T>value`
        return node.named_children[-1] if node.named_children else None
    return next(iter(children_of(node)), None)


def unwrap(node: Node | None) -> Node | None:
    """Return the expression inside all parentheses, casts and the like."""
    while node is not None and node.type in WRAPPERS:
        node = inner_of(node)
    return node


def child_of(node: Node | None, name: str) -> Node | None:
    """Return the child that the grammar gives a name; None if there is no node."""
    return None if node is None else node.child_by_field_name(name)


def children_of(node: Node | None) -> list[Node]:
    """Return the named children of a node, if there is one, without comments."""
    return [] if node is None else [child for child in node.named_children if child.type != "comment"]


def arguments_of(call: Node | None) -> list[Node]:
    """Return the arguments of a call."""
    listed = child_of(call, "arguments")
    return children_of(listed) if listed is not None and listed.type == "arguments" else []


def operator_of(node: Node | None) -> str:
    """Return the operator of an expression, such as `&&`; an empty text if it has none."""
    operator = child_of(node, "operator")
    return "" if operator is None else operator.type
