"""Reads what a function does with rows from its source: which columns it changes, and what it inserts.

It reads plain UPDATE, INSERT and SELECT statements with names of their own, follows variables that get their
value once, and passes over everything else; nothing is executed. What it has read is evidence, never proof:
a charge is checked when it is made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Catalog, Function, Table
from agentctl.core.mapping.body_lists import read_items, read_table, read_target
from agentctl.core.mapping.body_sums import Item, read_sum
from agentctl.core.mapping.body_variables import Variables, read_variables
from agentctl.core.mapping.body_words import Word, read_words

_STARTS = frozenset({"update", "into", "from"})
_MOST_STATEMENTS = 300
"""A function with more is not read: it charges nobody, or it is hard on purpose."""
_BEHIND_SET = ("where", "from", "returning", ";")
_BEHIND_WHERE = ("returning", ";", "if", "loop", "for", "group", "order", "limit", "union")
_BEHIND_SELECT = ("from", ";", "where", "returning", "union")


class Statement(Struct, frozen=True):
    """An UPDATE, an INSERT, or a SELECT from one table.

    Attributes:
        table: its table's name, without a schema.
        values: column -> its new value, as a sum.
        where: what is compared for equality, in both orders.
        is_insert: whether it adds a row.
        owners: what may stand before the dot of the table's columns.

    """

    table: str
    values: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    where: tuple[tuple[Word, Word], ...] = ()
    is_insert: bool = False
    owners: frozenset[str] = frozenset()

    def writes(self, table: Table) -> bool:
        """Whether it changes a table of that name, or adds to it."""
        return self.table == table.name and bool(self.values)

    def reads(self, table: Table) -> bool:
        """Whether it looks up rows in a table of that name."""
        return self.table == table.name

    def list_changes(self, column: str) -> tuple[Item, ...] | None:
        """Return what is added to a column's own value; None where the new value is something else."""
        value = self.values.get(column, ())
        own = [item for item in value if item.name and item.sign == 1 and self._is_own(item.name, column)]
        return None if len(own) != 1 else tuple(item for item in value if item is not own[0])

    def find_direction(self, column: str) -> int:
        """Return whether a column is lowered (-1) or raised (1) by something; 0 if neither or both."""
        value = self.values.get(column, ()) if self.is_insert else self.list_changes(column)
        signs = {item.sign for item in value or ()}
        return signs.pop() if len(signs) == 1 else 0

    def list_compared(self, column: str) -> Iterator[Word]:
        """Yield what a column of the table has to be equal to."""
        return (other for word, other in self.where if self._is_own(word, column))

    def owns(self, word: Word) -> bool:
        """Whether a name can be that of a column of the table."""
        return word.kind in {"name", "quoted"} and (not word.owner or word.owner in self.owners)

    def _is_own(self, word: Word, column: str) -> bool:
        return word.text == column and self.owns(word)


def read_body(function: Function) -> tuple[Statement, ...]:
    """Return the statements of a function's body; none where it was not read."""
    return _read_statements(function, function.body) if function.body else ()


@cache
def _read_statements(function: Function, _body: str) -> tuple[Statement, ...]:  # functions compare without
    words = read_words(function)
    if sum(word.text in _STARTS for word in words) > _MOST_STATEMENTS:
        return ()
    variables = read_variables(words, [argument.name for argument in function.arguments])
    return tuple(_resolve(statement, variables) for statement in _list_statements(words))


def _resolve(statement: Statement, variables: Variables) -> Statement:
    """Write the values of variables for their names."""
    values = {
        column: read_sum(variables.resolve([word for item in items for word in item.words]))
        for column, items in statement.values.items()
    }
    where = tuple((word, variables.find_word(other)) for word, other in statement.where)
    owners = statement.owners | variables.list_rows_of(statement.table)
    return replace(statement, values=values, where=where, owners=owners)


def _list_statements(words: Sequence[Word]) -> Iterator[Statement]:
    target = ""
    for position, word in enumerate(words):
        if word.text not in _STARTS:
            continue
        statement = None
        if word.says("update") and words[position + 1 : position + 2] and words[position + 1].says("set"):
            statement = _read_changes(words, position + 2, target)  # ON CONFLICT DO UPDATE SET
        elif word.says("update"):
            statement = _read_update(words, position + 1)
        elif word.says("into") and position and words[position - 1].says("insert"):
            statement = _read_insert(words, position + 1)
            target = read_table(words, position + 1)[0]
        elif word.says("from"):
            statement = _read_look_up(words, position + 1)
        if statement is not None:
            yield statement


def _read_update(words: Sequence[Word], position: int) -> Statement | None:
    table, owner, position = read_target(words, position, ahead=("set",))
    if not (words[position : position + 1] and words[position].says("set")):
        return None
    return _read_changes(words, position + 1, table, owner)


def _read_changes(words: Sequence[Word], position: int, table: str, owner: str = "") -> Statement:
    """Read what stands behind SET."""
    items, position = read_items(words, position, _BEHIND_SET)
    if words[position : position + 1] and words[position].says("from"):
        _, position = read_items(words, position + 1, ("where", "returning", ";"))
    values: dict[str, tuple[Item, ...]] = {}
    for item in items:
        values |= {column: (Item(0, tuple(value), is_exact=False),) for column, value in _list_settings(item)}
    where = tuple(_read_where(words, position))
    return Statement(table, values, where, owners=frozenset({table, owner} - {""}))


def _list_settings(item: Sequence[Word]) -> Iterator[tuple[str, Sequence[Word]]]:
    """Yield the columns of `a = x`, or of `(a, b) = (x, y)`, with their new values."""
    if len(item) > 2 and item[0].is_name and item[1].says("="):  # noqa: PLR2004
        yield item[0].text, item[2:]
    elif item and item[0].says("("):
        columns, position = read_items(item, 1, (")",))
        rest = [word for word in item[position + 1 :] if not word.says("=", "row")]
        values, _ = read_items(rest, 1, (")",))
        yield from ((column[0].text, value) for column, value in zip(columns, values, strict=False) if column)


def _read_where(words: Sequence[Word], position: int) -> Iterator[tuple[Word, Word]]:
    if words[position : position + 1] and words[position].says("where"):
        items, _ = read_items(words, position + 1, _BEHIND_WHERE)
        yield from _list_comparisons([word for item in items for word in item if not word.says("(", ")")])


def _list_comparisons(words: Sequence[Word]) -> Iterator[tuple[Word, Word]]:
    for position, word in enumerate(words):
        if word.says("=") and 0 < position < len(words) - 1 and not words[position - 1].says("<", ">", "!"):
            yield words[position - 1], words[position + 1]
            yield words[position + 1], words[position - 1]


def _read_insert(words: Sequence[Word], position: int) -> Statement | None:
    table, _, position = read_target(words, position, ahead=("(",))
    if not (words[position : position + 1] and words[position].says("(")):
        return None
    columns, position = read_items(words, position + 1, (")",))
    head = words[position + 1 : position + 3]
    if head and head[0].says("select"):
        values, _ = read_items(words, position + 2, _BEHIND_SELECT)
    elif len(head) > 1 and head[0].says("values") and head[1].says("("):
        values, _ = read_items(words, position + 3, (")",))
    else:
        return None
    written = {
        column[0].text: (Item(0, tuple(value), is_exact=False),)
        for column, value in zip(columns, values, strict=False)
        if column
    }
    return Statement(table, written, is_insert=True)


def _read_look_up(words: Sequence[Word], position: int) -> Statement | None:
    """Read the table and the conditions of a SELECT."""
    table, owner, position = read_target(words, position, ahead=("where",))
    where = tuple(_read_where(words, position))
    return Statement(table, where=where, owners=frozenset({table, owner} - {""})) if where else None


def list_lowered_columns(functions: Iterable[Function], table: Table) -> set[str]:
    """Return the columns of a table that functions subtract something from that they were given."""
    return {
        column
        for function in functions
        for statement in read_body(function)
        if statement.writes(table) and not statement.is_insert
        for column in statement.values
        if statement.find_direction(column) < 0
        and not all(item.is_number for item in statement.list_changes(column) or ())
    }


def list_negated_columns(functions: Iterable[Function], table: Table) -> set[str]:
    """Return the columns of a table that functions fill with something negated, as `-p_amount`."""
    return {
        column
        for function in functions
        for statement in read_body(function)
        if statement.writes(table) and statement.is_insert
        for column, value in statement.values.items()
        if len(value) == 1 and value[0].sign < 0
    }


def prove_columns(catalog: Catalog, role: str, table: Table) -> Mapping[str, str]:
    """Return part -> the column that the functions of a catalog show to play it."""
    part = {"balances": "balance", "ledger": "amount"}.get(role)
    find: Callable[..., set[str]] = list_lowered_columns if role == "balances" else list_negated_columns
    columns = find(catalog.functions, table) if part else set()
    return {part: columns.pop()} if part and len(columns) == 1 else {}
