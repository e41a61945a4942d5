"""CREATE INDEX, and the indexes behind primary keys and unique constraints.

A partitioned table's index is also an index of each partition. Whether an index is useful is not known here.
"""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from pglast import ast
from pglast.enums import SortByDir, SortByNulls

from agentctl.core.schema_files.conditions import columns_in
from agentctl.core.schema_files.drafts import IndexDraft, Key, TableDraft
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.text_of import text_of
from agentctl.core.sql.column_names import name_column
from agentctl.core.sql.names import Name

PARTITIONED = "partitioned table"
_METHOD = "btree"


def create_index(store: Store, node: ast.IndexStmt) -> None:
    """Execute CREATE INDEX."""
    table = store.table_in(node.relation)
    if table is None or (node.idxname and store.is_taken(table.schema, node.idxname)):
        return
    index = IndexDraft(
        node.idxname or "",
        node.accessMethod or _METHOD,
        keys_of(node.indexParams or ()),
        bool(node.unique),
        condition=text_of(node.whereClause) if node.whereClause else None,
        condition_columns=frozenset(columns_in(node.whereClause)),
        included=tuple(column.name for column in node.indexIncludingParams or () if column.name),
    )
    index = replace(index, name=index.name or _choose_name(store, table, index))
    partitions = list(store.children(table)) if table.kind == PARTITIONED else []
    alone = node.relation is not None and not node.relation.inh
    table.indexes[index.name] = replace(index, valid=not (alone and partitions))
    for child in () if alone else partitions:
        clone_index(store, child, index)


def attach_index(store: Store, name: Name) -> None:
    """Execute ALTER INDEX ... ATTACH PARTITION, as dumps do for every partition."""
    owner = store.index_owner(name)
    if owner is not None:
        owner.indexes[name.name] = replace(owner.indexes[name.name], valid=True)


def add_index(store: Store, table: TableDraft, name: str, columns: Iterable[str]) -> None:
    """Add the unique index of a primary key or unique constraint."""
    if not store.is_taken(table.schema, name):
        keys = tuple(map(Key, columns))
        table.indexes[name] = IndexDraft(name, _METHOD, keys, unique=True)


def clone_index(store: Store, table: TableDraft, index: IndexDraft) -> None:
    """Give a partition and its partitions the index of its parent, unless it has one like it."""
    if not any(replace(other, name=index.name) == index for other in table.indexes.values()):
        own = replace(index, name=_choose_name(store, table, index))
        table.indexes[own.name] = own
    if table.kind == PARTITIONED:
        for child in store.children(table):
            clone_index(store, child, index)


def keys_of(elements: tuple[Any, ...]) -> tuple[Key, ...]:
    """Return what an index sorts by."""
    return tuple(_read_key(element) for element in elements if isinstance(element, ast.IndexElem))


def _read_key(node: ast.IndexElem) -> Key:
    order = " DESC" if node.ordering is SortByDir.SORTBY_DESC else ""
    order += {
        SortByNulls.SORTBY_NULLS_FIRST: " NULLS FIRST",
        SortByNulls.SORTBY_NULLS_LAST: " NULLS LAST",
    }.get(node.nulls_ordering or SortByNulls.SORTBY_NULLS_DEFAULT, "")
    if node.name:
        return Key(node.name, order=order)
    text = text_of(node.expr)
    shown = text if isinstance(node.expr, ast.FuncCall) else f"({text})"
    called = name_column(node.expr) or "expr"
    return Key(None, shown, called, frozenset(columns_in(node.expr)), order)


def _choose_name(store: Store, table: TableDraft, index: IndexDraft) -> str:
    """Choose a name as PostgreSQL does; a name that is taken gets a number."""
    names: list[str] = []
    for called in [*(key.column or key.called for key in index.keys), *index.included]:
        numbered = (f"{called}{number}" for number in range(1, len(names) + 1))
        names.append(next(candidate for candidate in (called, *numbered) if candidate not in names))
    return store.choose_name(table, names, "idx")
