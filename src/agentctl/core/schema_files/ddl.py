"""Interprets SQL files without a database: statements that create, alter and drop.

It ignores what a statement does to rows, and whether PostgreSQL would refuse it: such a statement does as
much as can be made of it. No text makes it raise.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pglast import ast

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.location import Location
from agentctl.core.schema_files.alteration import alter_table
from agentctl.core.schema_files.assembly import assemble
from agentctl.core.schema_files.blocks import statements_in
from agentctl.core.schema_files.constraints import forget_checks
from agentctl.core.schema_files.dropping import drop
from agentctl.core.schema_files.functions import alter_function, create_function
from agentctl.core.schema_files.harmless import find_loosened_table, is_harmless
from agentctl.core.schema_files.indexes import create_index
from agentctl.core.schema_files.migration_files import CHANGING
from agentctl.core.schema_files.presumed import Presumptions
from agentctl.core.schema_files.renaming import move, perhaps_rename, rename
from agentctl.core.schema_files.search_path import set_by_query, set_path
from agentctl.core.schema_files.sites import Site, UnreadStatement
from agentctl.core.schema_files.store import DEFAULT_PATH, Store
from agentctl.core.schema_files.tables import create_table
from agentctl.core.schema_files.user_types import (
    alter_domain,
    alter_enum,
    create_composite,
    create_domain,
    create_enum,
)
from agentctl.core.schema_files.views import (
    create_of_query,
    create_rule,
    create_trigger,
    create_view,
    select_into,
)
from agentctl.core.sql.lines import Lines
from agentctl.core.sql.names import Name
from agentctl.core.sql.parsing import TOO_DEEP, NotParsed, parse_one
from agentctl.core.sql.statements import Statement, split_statements

_BLOCKS_AT_MOST = 10
_LOOKED_AT = CHANGING | {"SET", "RESET", "SELECT", "DO"}


class Schema:
    """What SQL files create, one after the other.

    Args:
        assumes: whether tables that they alter and do not create exist all the same.

    """

    def __init__(self, *, assumes: bool = False) -> None:
        self._store = Store(assumes=assumes)
        self._presumptions = Presumptions()

    def apply(self, text: str, *, file: str) -> list[UnreadStatement]:
        """Execute the statements of a file in their order.

        Args:
            text: of the file.
            file: what to call it, in problems and locations.

        Returns:
            The statements that may change the schema and were not understood.

        """
        self._store.path = DEFAULT_PATH
        return list(self._run_statements(text, Site(file, Lines(text).__getitem__)))

    def presumed(self) -> list[UnreadStatement]:
        """Return a problem for each table that statements rely on and nothing has created."""
        return list(self._presumptions.problems(self._store))

    def locate(self, table: str, column: str | None = None, *, schema: str | None = None) -> Location | None:
        """Return where a table, a view or a column of it is created; None where nothing creates it."""
        anywhere = self._store.tables.values() if schema is None else ()
        drafts = (draft for draft in anywhere if draft.name == table)
        draft = self._store.table(Name(schema, table)) or next(drafts, None)
        created = draft.columns.get(column) if draft and column else draft
        return created.location if created else None

    def locate_function(self, name: str, *, schema: str | None = None) -> Location | None:
        """Return where the first function of a name is created; None where nothing creates it."""
        return next((function.location for function in self._store.functions_named(Name(schema, name))), None)

    def catalog(self, *, database: str = "", search_path: tuple[str, ...] = DEFAULT_PATH) -> Catalog:
        """Return the catalog of everything created so far.

        Args:
            database: what to call it.
            search_path: whose tables come first.

        """
        catalog = assemble(self._store, database=database, search_path=search_path)
        return self._presumptions.without_what_is_open(catalog, self._store)

    def _run_statements(self, text: str, around: Site, depth: int = 0) -> Iterator[UnreadStatement]:
        for statement in split_statements(text):
            if statement.words[0] not in _LOOKED_AT:
                continue
            site = around.behind(statement.start)
            try:
                node = parse_one(statement.text, depth=statement.depth)
                if isinstance(node, ast.DoStmt):
                    yield from self._run_block(statement, node, site, depth)
                else:
                    self._presumptions.note(self._store, node, site, certain=depth == 0)
                    self._execute_statement(node, site)
                    if depth == 0:
                        self._presumptions.add_columns(self._store, node, site)
            except NotParsed as error:
                if statement.words[0] in CHANGING and not is_harmless(statement.text):
                    yield UnreadStatement(site.locate(error.offset), error.message)
            except RecursionError:
                yield UnreadStatement(site.location, TOO_DEEP)

    def _run_composed(self, beginning: str, location: Location) -> Iterator[UnreadStatement]:
        """Do what is known of a statement that is composed at run time."""
        if table := find_loosened_table(beginning):
            forget_checks(self._store, table)
        elif not is_harmless(beginning):
            yield UnreadStatement(location, "a statement is built at run time: its effect is not known")

    def _run_block(
        self, statement: Statement, node: ast.DoStmt, around: Site, depth: int
    ) -> Iterator[UnreadStatement]:
        """Execute the statements of a DO block; its text begins somewhere in the statement."""
        body = next((str(option.arg.sval) for option in node.args or () if option.defname == "as"), "")
        start = max(statement.text.find(body), 0)
        for inner in statements_in(body) if depth < _BLOCKS_AT_MOST else ():
            site = around.behind(start + inner.offset)
            if inner.text is None:
                yield from self._run_composed(inner.beginning, site.location)
            elif inner.doubtful:
                self._perhaps_run(inner.text, site)
            else:
                yield from self._run_statements(inner.text, site, depth + 1)

    def _perhaps_run(self, text: str, site: Site) -> None:
        """Keep what a statement may or may not remove; a column may have a second name."""
        with suppress(NotParsed, RecursionError):
            for statement in split_statements(text):
                node = parse_one(statement.text, depth=statement.depth)
                if isinstance(node, ast.RenameStmt):
                    perhaps_rename(self._store, node, site)

    def _execute_statement(self, node: ast.Node, site: Site) -> None:
        if isinstance(node, ast.CreateSchemaStmt):
            self._create_schema(node, site)
            return
        perform = _STATEMENTS.get(type(node))
        if perform is not None:
            perform(self._store, node, site)
        for late, late_site in self._presumptions.waiting(self._store, node):
            self._execute_statement(late, late_site)

    def _create_schema(self, node: ast.CreateSchemaStmt, site: Site) -> None:
        """Execute the statements within CREATE SCHEMA, in that schema."""
        path = self._store.path
        role = node.authrole.rolename if node.authrole else None
        self._store.path = (node.schemaname or role or "", *path)
        for element in node.schemaElts or ():
            self._execute_statement(element, site)
        self._store.path = path


def _create_foreign_table(store: Store, node: ast.CreateForeignTableStmt, site: Site) -> None:
    if node.base is not None:
        create_table(store, node.base, site, kind="foreign table")


def _execute_select(store: Store, node: ast.SelectStmt, site: Site) -> None:
    set_by_query(store, node)
    select_into(store, node, site)


def _without_site(perform: Callable[[Store, Any], None]) -> Callable[[Store, Any, Site], None]:
    return lambda store, node, _: perform(store, node)


_STATEMENTS: Mapping[type[ast.Node], Callable[[Store, Any, Site], None]] = {
    ast.CreateStmt: create_table,
    ast.CreateForeignTableStmt: _create_foreign_table,
    ast.CreateTableAsStmt: create_of_query,
    ast.SelectStmt: _execute_select,
    ast.ViewStmt: create_view,
    ast.AlterTableStmt: alter_table,
    ast.RenameStmt: rename,
    ast.AlterObjectSchemaStmt: move,
    ast.DropStmt: _without_site(drop),
    ast.CreateEnumStmt: _without_site(create_enum),
    ast.CompositeTypeStmt: _without_site(create_composite),
    ast.AlterEnumStmt: _without_site(alter_enum),
    ast.CreateDomainStmt: _without_site(create_domain),
    ast.AlterDomainStmt: _without_site(alter_domain),
    ast.CreateFunctionStmt: create_function,
    ast.AlterFunctionStmt: _without_site(alter_function),
    ast.IndexStmt: _without_site(create_index),
    ast.CreateTrigStmt: _without_site(create_trigger),
    ast.RuleStmt: _without_site(create_rule),
    ast.VariableSetStmt: _without_site(set_path),
}
