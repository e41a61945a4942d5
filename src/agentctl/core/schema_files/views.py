"""Views, materialized views and tables that are made of a query.

One whose columns cannot all be told has none: that is how a catalog made of text says that it does not know.
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
from agentctl.core.sql.names import Name, name_in, name_of

_INSTEAD = 64
_TEMPORARY = "t"


def create_view(store: Store, node: ast.ViewStmt, site: Site) -> None:
    """Execute CREATE [OR REPLACE] VIEW."""
    made = _made_of(store, node.view, node.query, _texts(node.aliases), site)
    place = store.place(name_in(node.view))
    there = store.tables.get(place)
    if made is None or (there is not None and not node.replace):
        return
    made.kind, made.insertable = "view", _takes_rows(store, node.query)
    if there is not None:
        made.triggers, made.location = there.triggers, there.location
        made.columns = {name: there.columns.get(name, column) for name, column in made.columns.items()}
    store.tables[place] = made


def create_of_query(store: Store, node: ast.CreateTableAsStmt, site: Site) -> None:
    """Execute CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    into = node.into
    if into is None:
        return
    made = _made_of(store, into.rel, node.query, _texts(into.colNames), site)
    if made is not None:
        made.kind = "materialized view" if node.objtype is ObjectType.OBJECT_MATVIEW else "table"
        made.insertable = made.kind == "table"
        store.tables.setdefault(store.place(name_in(into.rel)), made)


def select_into(store: Store, node: ast.SelectStmt, site: Site) -> None:
    """Execute SELECT ... INTO."""
    if node.intoClause is not None:
        made = _made_of(store, node.intoClause.rel, node, (), site)
        if made is not None:
            store.tables.setdefault(store.place(name_in(node.intoClause.rel)), made)


def create_trigger(store: Store, node: ast.CreateTrigStmt) -> None:
    """Execute CREATE TRIGGER."""
    table, name = store.table(name_in(node.relation)), node.trigname or ""
    if table is None:
        return
    schema, function = _function(store, name_of(node.funcname or ()))
    table.triggers[name] = Trigger(name, qualified(schema, function), text_of(node))
    if node.timing == _INSTEAD:
        table.insertable = True


def create_rule(store: Store, node: ast.RuleStmt) -> None:
    """Execute CREATE RULE, with which a view may take rows."""
    table = store.table(name_in(node.relation))
    if table is not None and node.instead:
        table.insertable = True


def _made_of(
    store: Store, relation: ast.RangeVar | None, query: object, names: tuple[str, ...], site: Site
) -> TableDraft | None:
    if relation is None or relation.relpersistence == _TEMPORARY:
        return None
    place = store.place(name_in(relation))
    table = TableDraft(place.schema, place.name, "table", site.location, sources=tables_of(store, query))
    found = list((columns_of(store, query) or {}).items())
    merged = [*zip(names, [kind for _, kind in found], strict=False), *found[len(names) :]]
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


def _function(store: Store, name: Name) -> tuple[str, str]:
    found = store.functions_named(name)
    return (found[0].schema, found[0].name) if found else store.place(name)


def _texts(nodes: tuple[ast.String, ...] | None) -> tuple[str, ...]:
    return tuple(str(node.sval) for node in nodes or ())
