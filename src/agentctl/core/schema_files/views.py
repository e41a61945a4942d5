"""Views, materialized views and tables that are made of a query.

A relation with an unknown column gets no columns at all: so a catalog made of text says that it does not
know.
"""

from pglast import ast
from pglast.enums import ObjectType

from agentctl.core.catalog.introspection import Trigger
from agentctl.core.schema_files.drafts import ColumnDraft, TableDraft
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.queries import aggregates, columns_of, tables_of
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.text_of import text_of
from agentctl.core.sql.column_names import NAMELESS
from agentctl.core.sql.names import Name, list_names, name_in, name_of

_INSTEAD = 64
_TEMPORARY = "t"


def create_view(store: Store, node: ast.ViewStmt, site: Site) -> None:
    """Execute CREATE [OR REPLACE] VIEW."""
    draft = _make_table(store, node.view, node.query, list_names(node.aliases), site)
    there = store.tables.get(draft.full_name) if draft else None
    if draft is None or (there is not None and not node.replace):
        return
    draft.kind, draft.insertable = "view", _takes_rows(store, node.query)
    if there is not None:
        draft.triggers, draft.location = there.triggers, there.location
        draft.columns = {name: there.columns.get(name, column) for name, column in draft.columns.items()}
    store.tables[draft.full_name] = draft


def create_of_query(store: Store, node: ast.CreateTableAsStmt, site: Site) -> None:
    """Execute CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    into = node.into
    if into is None:
        return
    table = _make_table(store, into.rel, node.query, list_names(into.colNames), site)
    if table is not None:
        table.kind = "materialized view" if node.objtype is ObjectType.OBJECT_MATVIEW else "table"
        table.insertable = table.kind == "table"
        store.tables.setdefault(table.full_name, table)


def select_into(store: Store, node: ast.SelectStmt, site: Site) -> None:
    """Execute SELECT ... INTO."""
    if node.intoClause is not None:
        table = _make_table(store, node.intoClause.rel, node, (), site)
        if table is not None:
            store.tables.setdefault(table.full_name, table)


def create_trigger(store: Store, node: ast.CreateTrigStmt) -> None:
    """Execute CREATE TRIGGER."""
    table, name = store.table_in(node.relation), node.trigname or ""
    if table is None:
        return
    schema, function = _find_function(store, name_of(node.funcname))
    table.triggers[name] = Trigger(name, qualified(schema, function), text_of(node))
    if node.timing == _INSTEAD:
        table.insertable = True


def create_rule(store: Store, node: ast.RuleStmt) -> None:
    """Execute CREATE RULE, which may let a view take rows."""
    table = store.table_in(node.relation)
    if table is not None and node.instead:
        table.insertable = True


def _make_table(
    store: Store, relation: ast.RangeVar | None, query: object, names: tuple[str, ...], site: Site
) -> TableDraft | None:
    if relation is None or relation.relpersistence == _TEMPORARY:
        return None
    full_name = store.qualify(name_in(relation))
    table = TableDraft(*full_name, "table", site.location, sources=tables_of(store, query))
    of_query = list((columns_of(store, query) or {}).items())
    merged = [*zip(names, [kind for _, kind in of_query], strict=False), *of_query[len(names) :]]
    if NAMELESS not in dict(merged):
        table.columns = {name: ColumnDraft(name, kind, site.location) for name, kind in merged}
    return table


def _takes_rows(store: Store, query: object) -> bool:
    """Whether PostgreSQL may let rows through to the one table behind a view; where unsure, it may."""
    if not isinstance(query, ast.SelectStmt):
        return True
    barriers = (
        query.distinctClause,
        query.groupClause,
        query.havingClause,
        query.limitCount,
        query.limitOffset,
        query.valuesLists,
        query.withClause,
        query.larg,
    )
    sources = query.fromClause or ()
    if (
        any(barriers)
        or aggregates(query.targetList)
        or len(sources) != 1
        or not isinstance(sources[0], ast.RangeVar)
    ):
        return False
    behind = store.table(name_in(sources[0]))
    return behind is None or behind.insertable


def _find_function(store: Store, name: Name) -> tuple[str, str]:
    overloads = store.functions_named(name)
    return (overloads[0].schema, overloads[0].name) if overloads else store.qualify(name)
