"""Reads what a function does with rows from its source: which columns it changes, and what it inserts.

It reads plain UPDATE and INSERT statements with names of their own, and passes over everything else; nothing
is executed. What it has read is evidence, never proof: a charge is checked when it is made.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from agentctl.core.catalog.introspection import Function, Table
from agentctl.core.sql.tokens import Token, tokens

_BEHIND_SET = frozenset({"where", "from", "returning", ";"})
_BEHIND_WHERE = frozenset({"returning", ";", "if", "loop"})
_BEHIND_SELECT = frozenset({"from", ";", "where", "returning", "union"})
_OPENING, _CLOSING = "([", ")]"

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """An UPDATE or an INSERT.

    Attributes:
        table: its table's name, without a schema.
        values: column -> the words and marks of its new value.
        where: column -> the word that it is compared with.
        is_insert: whether it adds a row.

    """

    table: str
    values: Mapping[str, Words]
    where: Mapping[str, str] = field(default_factory=dict)
    is_insert: bool = False

    def writes(self, table: Table) -> bool:
        """Whether it is about a table of that name."""
        return self.table == table.name

    def find_direction(self, column: str) -> int:
        """Return whether a column is lowered (-1) or raised (1) by something; 0 if neither or both."""
        value = self.values.get(column, ())
        if not self.is_insert and column not in value:
            return 0
        marks = {mark for mark in value if mark in {"-", "+"}}
        return {frozenset("-"): -1, frozenset("+"): 1}.get(frozenset(marks), 0)


def read_body(function: Function) -> tuple[Statement, ...]:
    """Return the statements of a function's body; none where it was not read."""
    return _read_statements(function.body) if function.body else ()


@cache
def _read_statements(body: str) -> tuple[Statement, ...]:
    words = [_spell(body, token) for token in tokens(body)]
    return tuple(_list_statements(words))


def _spell(text: str, token: Token) -> str:
    """Return a token as it is compared: names without quotes in lower case, and texts with their quotes."""
    raw = text[token.start : token.end]
    if token.kind == "quoted":
        return raw[1:-1].replace('""', '"')
    return raw.lower() if token.kind == "word" else raw


def _list_statements(words: Sequence[str]) -> Iterator[Statement]:
    for position, word in enumerate(words):
        if word == "update":
            statement = _read_update(words, position + 1)
        elif word == "insert" and words[position + 1 : position + 2] == ["into"]:
            statement = _read_insert(words, position + 2)
        else:
            continue
        if statement is not None:
            yield statement


def _read_table(words: Sequence[str], position: int) -> tuple[str, int]:
    """Return the last part of a dotted name, and the position behind it."""
    while words[position + 1 : position + 2] == ["."]:
        position += 2
    return (words[position] if position < len(words) else "", position + 1)


def _read_update(words: Sequence[str], position: int) -> Statement | None:
    table, position = _read_table(words, position + (words[position : position + 1] == ["only"]))
    ahead = list(words[position : position + 3])  # an alias may be between the table and SET
    if "set" not in ahead:
        return None
    values, position = _read_items(words, position + ahead.index("set") + 1, _BEHIND_SET)
    changes = {item[0]: tuple(item[2:]) for item in values if item[1:2] == ["="]}
    where: dict[str, str] = {}
    if words[position : position + 1] == ["where"]:
        items, _ = _read_items(words, position + 1, _BEHIND_WHERE)
        where = dict(_list_comparisons([word for item in items for word in item]))
    return Statement(table, changes, where)


def _list_comparisons(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(words):
        if word == "=" and 0 < position < len(words) - 1 and words[position - 1] not in "<>!":
            yield words[position - 1], words[position + 1]
            yield words[position + 1], words[position - 1]


def _read_insert(words: Sequence[str], position: int) -> Statement | None:
    table, position = _read_table(words, position)
    if words[position : position + 1] != ["("]:
        return None
    columns, position = _read_items(words, position + 1, frozenset(")"))
    head = words[position + 1 : position + 3]
    if head[:1] == ["select"]:
        values, _ = _read_items(words, position + 2, _BEHIND_SELECT)
    elif head == ["values", "("]:
        values, _ = _read_items(words, position + 3, frozenset(")"))
    else:
        return None
    names = [item[0] for item in columns if item]
    return Statement(table, dict(zip(names, map(tuple, values), strict=False)), is_insert=True)


def _read_items(words: Sequence[str], position: int, ends: frozenset[str]) -> tuple[list[list[str]], int]:
    """Cut words at the commas outside of brackets, up to one that ends the list, and return its position."""
    items: list[list[str]] = [[]]
    depth = 0
    while position < len(words):
        word = words[position]
        if depth == 0 and (word in ends or word in _CLOSING):
            break
        depth += (word in _OPENING) - (word in _CLOSING)
        if word == "," and depth == 0:
            items.append([])
        else:
            items[-1].append(word)
        position += 1
    return items, position


def list_lowered_columns(functions: Iterable[Function], table: Table) -> set[str]:
    """Return the columns of a table that functions subtract something from that they were given."""
    return {
        column
        for function in functions
        for statement in read_body(function)
        if statement.writes(table) and not statement.is_insert
        for column in statement.values
        if statement.find_direction(column) < 0 and not statement.values[column][-1].isdigit()
    }


def list_negated_columns(functions: Iterable[Function], table: Table) -> set[str]:
    """Return the columns of a table that functions fill with something negated, as `-p_amount`."""
    return {
        column
        for function in functions
        for statement in read_body(function)
        if statement.writes(table) and statement.is_insert
        for column, value in statement.values.items()
        if value[:1] == ("-",)
    }
