"""Tables and columns that statements take to be there and nothing has created.

Migrations may begin with a database that somebody made by hand: then there are tables that no text tells of.
Or files are not run in the order of their names: then what is done to a table waits until it is created. A
platform's own schemas, of which no table is known here, say nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.location import Location
from agentctl.core.schema_files.drafts import ColumnDraft
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import DEFAULT_PATH, Full, Store
from agentctl.core.schema_files.unread import UnreadStatement
from agentctl.core.sql.names import Name, name_in

_NAMING_COLUMNS = (ast.IndexStmt, ast.AlterTableStmt)
_OF_COLUMNS = frozenset(
    {AlterTableType.AT_AlterColumnType, AlterTableType.AT_ColumnDefault, AlterTableType.AT_SetNotNull}
)
_OF_TABLES = frozenset({ObjectType.OBJECT_TABLE, ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW})


@dataclass(slots=True)
class _Presumption:
    location: Location
    certain: bool
    waiting: list[tuple[ast.AlterTableStmt, Site]] = field(default_factory=list)


class Presumptions:
    """What statements have presumed so far."""

    def __init__(self) -> None:
        self._of: dict[Full, _Presumption] = {}
        self._open: set[Full] = set()

    def note(self, store: Store, node: ast.Node, site: Site, *, certain: bool) -> None:
        """Remember the tables that have to be there before a statement, and are not known.

        Args:
            store: everything, before the statement.
            node: the statement.
            site: its place.
            certain: whether it is executed in any case.

        """
        for name in _needed(node):
            if store.table(name) is None and store.index_owner(name) is None and _is_covered(store, name):
                found = self._of.setdefault(store.place(name), _Presumption(site.location, certain))
                found.certain |= certain
                if isinstance(node, ast.AlterTableStmt) and name == name_in(node.relation):
                    found.waiting.append((node, site))

    def waiting(self, store: Store, node: ast.Node) -> list[tuple[ast.AlterTableStmt, Site]]:
        """Take what was to be done to a table that a statement has just created."""
        if not isinstance(node, ast.CreateStmt) or not self._of:
            return []
        place = store.place(name_in(node.relation))
        found = self._of.pop(place, None)
        if found is None:
            return []
        if node.if_not_exists and _is_numbered(found.location.file):
            self._open.add(place)
        return found.waiting

    def add_columns(self, store: Store, node: ast.Node, site: Site) -> None:
        """Add the columns without which a statement that has been executed would have been refused.

        Of what type they are nobody knows.
        """
        table = store.table(name_in(node.relation)) if isinstance(node, _NAMING_COLUMNS) else None
        if table is None or not table.columns or store.assumes:
            return
        for name in _named_columns(node):
            table.columns.setdefault(name, ColumnDraft(name, None, site.location))

    def problems(self, store: Store) -> Iterator[UnreadStatement]:
        """Tell of the tables that nothing has created."""
        for place, one in self._of.items():
            if one.certain and place not in store.tables:
                message = f"it is about table {place.name}, which nothing here creates"
                yield UnreadStatement(one.location, message)

    def without_what_is_open(self, catalog: Catalog, store: Store) -> Catalog:
        """Return a store's catalog without what nobody can tell.

        A table that is changed only if it is there may be there. One that is changed first and then created
        if it is not there was there already, with columns that no text tells of.
        """
        open_ = self._open - store.gone  # one that has been dropped since is known again
        tables = tuple(
            replace(table, columns=(), constraints=(), indexes=())
            if Full(table.schema, table.name) in open_
            else table
            for table in catalog.tables
        )
        doubtful = frozenset(place.name for place, one in self._of.items() if not one.certain)
        return replace(catalog, tables=tables, unlisted=doubtful)


def _is_numbered(file: str) -> bool:
    """Whether files are run in the order of their names, as the name of one tells."""
    return PurePosixPath(file).name[:1].isdecimal()


def _is_covered(store: Store, name: Name) -> bool:
    """Whether a table of that name would be known, if statements had created it and had not dropped it."""
    place = store.place(name)
    own = {*DEFAULT_PATH, *(table.schema for table in store.tables.values())}
    return place.schema in own and not any(Full(schema, name.name) in store.gone for schema in own)


def _named_columns(node: ast.Node) -> Iterator[str]:
    if isinstance(node, ast.IndexStmt):
        yield from (one.name for one in node.indexParams or () if one.name)
    for command in node.cmds or () if isinstance(node, ast.AlterTableStmt) else ():
        if command.subtype in _OF_COLUMNS and command.name:
            yield command.name
        elif isinstance(command.def_, ast.Constraint):
            yield from (str(one.sval) for one in (*(command.def_.keys or ()), *(command.def_.fk_attrs or ())))


def _needed(node: ast.Node) -> Iterator[Name]:
    match node:
        case ast.AlterTableStmt() if node.objtype in _OF_TABLES and not node.missing_ok:
            yield name_in(node.relation)
            yield from _referenced(node.cmds, own=name_in(node.relation))
        case ast.IndexStmt() | ast.CreateTrigStmt():
            yield name_in(node.relation)
        case ast.CreatePolicyStmt():
            yield name_in(node.table)
        case ast.CreateStmt():
            yield from map(name_in, node.inhRelations or ())
            yield from _referenced(node.tableElts, own=name_in(node.relation))


def _referenced(elements: tuple[ast.Node, ...] | None, *, own: Name) -> Iterator[Name]:
    """Yield the other tables that foreign keys lead to."""
    for element in elements or ():
        made = element.def_ if isinstance(element, ast.AlterTableCmd) else element
        constraints = made.constraints or () if isinstance(made, ast.ColumnDef) else (made,)
        for one in constraints:
            if isinstance(one, ast.Constraint) and one.contype is ConstrType.CONSTR_FOREIGN:
                name = name_in(one.pktable)
                if name.name != own.name:
                    yield name
