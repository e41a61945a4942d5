"""Tables and columns that statements rely on and that nothing has created.

Migrations may begin with a database that somebody made by hand: then no text creates some of its tables. Or
the files do not run in the order of their names: then a change to a table waits until the table is created.
Tables in a platform's own schemas are not expected to be created.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct, field
from msgspec.structs import replace
from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.location import Location
from agentctl.core.schema_files.drafts import ColumnDraft, FullName
from agentctl.core.schema_files.sites import Site, UnreadStatement
from agentctl.core.schema_files.store import DEFAULT_PATH, Store
from agentctl.core.sql.names import Name, list_names, name_in

_NAMING_COLUMNS = (ast.IndexStmt, ast.AlterTableStmt)
_OF_COLUMNS = frozenset(
    {AlterTableType.AT_AlterColumnType, AlterTableType.AT_ColumnDefault, AlterTableType.AT_SetNotNull}
)
_OF_TABLES = frozenset({ObjectType.OBJECT_TABLE, ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW})


class _Presumption(Struct):
    location: Location
    certain: bool
    waiting: list[tuple[ast.AlterTableStmt, Site]] = field(default_factory=list)


class Presumptions:
    """What statements have presumed so far."""

    def __init__(self) -> None:
        self._of: dict[FullName, _Presumption] = {}
        self._open: set[FullName] = set()

    def note(self, store: Store, node: ast.Node, site: Site, *, certain: bool) -> None:
        """Remember the unknown tables that must exist before a statement.

        Args:
            store: everything, before the statement.
            node: the statement.
            site: its position.
            certain: whether it is executed in any case.

        """
        for name in _list_needed_tables(node):
            if store.table(name) is None and store.index_owner(name) is None and _is_covered(store, name):
                presumption = self._of.setdefault(store.qualify(name), _Presumption(site.location, certain))
                presumption.certain |= certain
                if isinstance(node, ast.AlterTableStmt) and name == name_in(node.relation):
                    presumption.waiting.append((node, site))

    def waiting(self, store: Store, node: ast.Node) -> list[tuple[ast.AlterTableStmt, Site]]:
        """Take the statements that waited for a table that has just been created."""
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
        """Add the columns that an executed statement needs and that are not known.

        Their type is unknown.
        """
        table = store.table_in(node.relation) if isinstance(node, _NAMING_COLUMNS) else None
        if table is None or not table.columns or store.assumes:
            return
        for name in _list_named_columns(node):
            table.columns.setdefault(name, ColumnDraft(name, None, site.location))

    def problems(self, store: Store) -> Iterator[UnreadStatement]:
        """Yield a problem for each table that nothing has created."""
        for full_name, presumption in self._of.items():
            if presumption.certain and full_name not in store.tables:
                message = f"it is about table {full_name.name}, which nothing here creates"
                yield UnreadStatement(presumption.location, message)

    def without_what_is_open(self, catalog: Catalog, store: Store) -> Catalog:
        """Return a store's catalog without what cannot be known.

        A table that is only changed IF EXISTS may exist. One that is changed first and then created IF NOT
        EXISTS existed before, with columns that no text describes.
        """
        open_ = self._open - store.gone  # a table that has been dropped since is known again
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
    """Whether files run in the order of their names, judged by the name of one."""
    return PurePosixPath(file).name[:1].isdecimal()


def _is_covered(store: Store, name: Name) -> bool:
    """Whether a table of that name would be known if statements had created and not dropped it."""
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
            yield from list_names(command.def_.keys) + list_names(command.def_.fk_attrs)


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
