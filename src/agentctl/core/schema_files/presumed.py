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
from agentctl.core.schema_files.store import DEFAULT_PATH, FullName, Store
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
        self._of: dict[FullName, _Presumption] = {}
        self._open: set[FullName] = set()

    def note(self, store: Store, node: ast.Node, site: Site, *, certain: bool) -> None:
        """Remember the tables that have to be there before a statement, and are not known.

        Args:
            store: everything, before the statement.
            node: the statement.
            site: its place.
            certain: whether it is executed in any case.

        """
        for name in _list_needed_tables(node):
            if store.table(name) is None and store.index_owner(name) is None and _is_covered(store, name):
                presumption = self._of.setdefault(store.qualify(name), _Presumption(site.location, certain))
                presumption.certain |= certain
                if isinstance(node, ast.AlterTableStmt) and name == name_in(node.relation):
                    presumption.waiting.append((node, site))

    def waiting(self, store: Store, node: ast.Node) -> list[tuple[ast.AlterTableStmt, Site]]:
        """Take what was to be done to a table that a statement has just created."""
        if not isinstance(node, ast.CreateStmt) or not self._of:
            return []
        full_name = store.qualify(name_in(node.relation))
        presumption = self._of.pop(full_name, None)
        if presumption is None:
            return []
        if node.if_not_exists and _is_numbered(presumption.location.file):
            self._open.add(full_name)
        return presumption.waiting

    def add_columns(self, store: Store, node: ast.Node, site: Site) -> None:
        """Add the columns without which a statement that has been executed would have been refused.

        Of what type they are nobody knows.
        """
        table = store.table(name_in(node.relation)) if isinstance(node, _NAMING_COLUMNS) else None
        if table is None or not table.columns or store.assumes:
            return
        for name in _list_named_columns(node):
            table.columns.setdefault(name, ColumnDraft(name, None, site.location))

    def problems(self, store: Store) -> Iterator[UnreadStatement]:
        """Tell of the tables that nothing has created."""
        for full_name, presumption in self._of.items():
            if presumption.certain and full_name not in store.tables:
                message = f"it is about table {full_name.name}, which nothing here creates"
                yield UnreadStatement(presumption.location, message)

    def without_what_is_open(self, catalog: Catalog, store: Store) -> Catalog:
        """Return a store's catalog without what nobody can tell.

        A table that is changed only if it is there may be there. One that is changed first and then created
        if it is not there was there already, with columns that no text tells of.
        """
        open_ = self._open - store.gone  # one that has been dropped since is known again
        tables = tuple(
            replace(table, columns=(), constraints=(), indexes=())
            if FullName(table.schema, table.name) in open_
            else table
            for table in catalog.tables
        )
        doubtful = frozenset(
            full_name.name for full_name, presumption in self._of.items() if not presumption.certain
        )
        return replace(catalog, tables=tables, unlisted=doubtful)


def _is_numbered(file: str) -> bool:
    """Whether files are run in the order of their names, as the name of one tells."""
    return PurePosixPath(file).name[:1].isdecimal()


def _is_covered(store: Store, name: Name) -> bool:
    """Whether a table of that name would be known, if statements had created it and had not dropped it."""
    full_name = store.qualify(name)
    own = {*DEFAULT_PATH, *(table.schema for table in store.tables.values())}
    return full_name.schema in own and not any(FullName(schema, name.name) in store.gone for schema in own)


def _list_named_columns(node: ast.Node) -> Iterator[str]:
    if isinstance(node, ast.IndexStmt):
        yield from (item.name for item in node.indexParams or () if item.name)
    for command in node.cmds or () if isinstance(node, ast.AlterTableStmt) else ():
        if command.subtype in _OF_COLUMNS and command.name:
            yield command.name
        elif isinstance(command.def_, ast.Constraint):
            yield from (
                str(item.sval) for item in (*(command.def_.keys or ()), *(command.def_.fk_attrs or ()))
            )


def _list_needed_tables(node: ast.Node) -> Iterator[Name]:
    match node:
        case ast.AlterTableStmt() if node.objtype in _OF_TABLES and not node.missing_ok:
            yield name_in(node.relation)
            yield from _list_referenced_tables(node.cmds, own=name_in(node.relation))
        case ast.IndexStmt() | ast.CreateTrigStmt():
            yield name_in(node.relation)
        case ast.CreatePolicyStmt():
            yield name_in(node.table)
        case ast.CreateStmt():
            yield from map(name_in, node.inhRelations or ())
            yield from _list_referenced_tables(node.tableElts, own=name_in(node.relation))


def _list_referenced_tables(elements: tuple[ast.Node, ...] | None, *, own: Name) -> Iterator[Name]:
    """Yield the other tables that foreign keys lead to."""
    for element in elements or ():
        definition = element.def_ if isinstance(element, ast.AlterTableCmd) else element
        constraints = definition.constraints or () if isinstance(definition, ast.ColumnDef) else (definition,)
        for constraint in constraints:
            if isinstance(constraint, ast.Constraint) and constraint.contype is ConstrType.CONSTR_FOREIGN:
                name = name_in(constraint.pktable)
                if name.name != own.name:
                    yield name
