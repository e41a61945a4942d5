"""Makes strangers of known marketplaces: other names for everything, columns in another order, and decoys.

The words are those of public schemas. There are two grammars: the author of the first had seen the product's
vocabulary, that of the second had not. Half of the second is held out: faults that it shows are not read when
the product is improved. A stranger keeps its structure: keys, types, defaults, CHECKs and what functions do.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pglast
from pglast import ast
from pglast.stream import RawStream
from psycopg import sql

from support.marketplace import Connection


@dataclass(frozen=True, slots=True)
class Grammar:
    """Phrases for everything in a marketplace.

    Attributes:
        phrases: key -> ... -> phrases, separated by semicolons.
        half: 0 or 1 for every second phrase from there on; None for all.

    """

    phrases: Mapping[str, Any]
    half: int | None = None

    def list_phrases(self, *path: str) -> list[str]:
        """Return the phrases at a place."""
        value: Any = self.phrases
        for name in path:
            value = value[name]
        phrases = [phrase.strip() for phrase in value.split(";")]
        return phrases if self.half is None else phrases[self.half :: 2]

    def list_words(self) -> set[str]:
        """Return every word, of both halves."""
        return _list_words(self.phrases)


def _list_words(phrases: Mapping[str, Any]) -> set[str]:
    words: set[str] = set()
    for value in phrases.values():
        words |= _list_words(value) if isinstance(value, dict) else set(value.replace(";", " ").split())
    return words


def _read_phrases(which: str) -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"strangers_{which}.toml").read_text())


FIRST = Grammar(_read_phrases("first"))
SECOND = Grammar(_read_phrases("second"), half=0)
HELD_OUT = Grammar(SECOND.phrases, half=1)

_CURRENCIES = ("credit", "token", "coin", "point")
_SYLLABLES = (
    "ba",
    "bri",
    "do",
    "fen",
    "gu",
    "ka",
    "lor",
    "mi",
    "nu",
    "plo",
    "qua",
    "rix",
    "sto",
    "tam",
    "wi",
)
_STYLES = ("snake", "snake", "snake", "camel", "pascal")
_SHARE_OF_PLURALS, _SHARE_OF_PREFIXES = 0.7, 0.2
_LINK_ENDINGS = ("id", "id", "ref", "fk", "uuid", "no", "key")
_ARGUMENT_PREFIXES = ("p_", "_", "in_", "", "arg_", "i_", "par_")
_TABLE_AFFIXES = (("", ""), ("", ""), ("", ""), ("app_", ""), ("tbl_", ""), ("", "_table"), ("mp_", ""))


@dataclass(frozen=True, slots=True)
class Roles:
    """Which table, column and argument plays which part in a known marketplace.

    Attributes:
        tables: role -> `schema.table`.
        columns: role -> part -> column.
        function: `schema.function` that charges, or None.
        arguments: argument of that function -> what is passed.

    """

    tables: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]
    function: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


class Stranger:
    """One variant of a marketplace: the names that everything gets, chosen by a seed.

    One marketplace has one currency, whatever the phrases call it. `babble` is the share of the names that
    mean nothing at all, so that only structure is left of them.
    """

    def __init__(
        self, roles: Roles, seed: str, script: str, *, grammar: Grammar = FIRST, babble: float = 0
    ) -> None:
        self._grammar = grammar
        self._random = Random(seed)
        self._others = set(re.findall(r"create table (?:\w+\.)?\"?(\w+)", script.lower()))
        self._kept = _list_column_names(script) - {
            column for parts in roles.columns.values() for column in parts.values()
        }
        self._babble = babble
        self._roles = roles
        self._style = self._random.choice(_STYLES)
        self._currency = self._random.choice(_CURRENCIES)
        self.tables = self._name_tables()
        self.columns = self._name_columns()
        self.function = self._choose("functions", "charge")
        self.arguments = self._name_arguments()

    @property
    def truth(self) -> Roles:
        """The roles by their new names."""
        roles = self._roles
        schemas = {role: table.rpartition(".")[0] for role, table in roles.tables.items()}
        return Roles(
            {role: f"{schemas[role]}.{self.tables[table]}" for role, table in roles.tables.items()},
            {
                role: {part: self.columns.get(column, column) for part, column in parts.items()}
                for role, parts in roles.columns.items()
            },
            roles.function and f"{roles.function.rpartition('.')[0]}.{self.function}",
            {self.arguments.get(name, name): meaning for name, meaning in roles.arguments.items()},
        )

    def _choose(self, *path: str) -> str:
        return self._write(self._pick_phrase(*path))

    def _pick_phrase(self, *path: str) -> str:
        if path[0] != "decoys" and self._random.random() < self._babble:
            return " ".join("".join(self._random.sample(_SYLLABLES, 3)) for _ in range(2))
        phrase = self._random.choice(self._grammar.list_phrases(*path))
        return re.sub(rf"\b({'|'.join(_CURRENCIES)})(s?)\b", rf"{self._currency}\2", phrase)

    def _write(self, phrase: str) -> str:
        words = phrase.split()
        if self._style == "snake":
            return "_".join(words)
        return words[0] + "".join(word.capitalize() for word in words[1:])

    def _name_tables(self) -> dict[str, str]:
        """Return `schema.table` -> its new name, one for each table."""
        before, after = self._random.choice(_TABLE_AFFIXES)
        plural = self._random.random() < _SHARE_OF_PLURALS
        names: dict[str, str] = {}
        for role, table in self._roles.tables.items():
            if table.startswith("auth."):  # Supabase's own, which nobody renames
                names[table] = table.rpartition(".")[2]
            elif table not in names:
                words = self._pick_phrase("tables", role)
                if plural:
                    words = re.sub("(?<=[a-z])y$", "ie", re.sub("(ch|s|x)$", r"\1e", words)) + "s"
                name = self._write(words)
                name = f"{before}{name}{after}" if self._style == "snake" else name[0].upper() + name[1:]
                names[table] = f"{name}_2" if name.lower() in self._others else name
        return names

    def _name_columns(self) -> dict[str, str]:
        """Return column -> its new name; a name that several tables have gets one new name."""
        prefixed = self._style == "snake" and self._random.random() < _SHARE_OF_PREFIXES
        ending = self._random.choice(_LINK_ENDINGS)
        names: dict[str, str] = {}
        for role, parts in self._roles.columns.items():
            for part, column in parts.items():
                if column in names or part == "id" or column == "id":  # balances beside the user's id
                    continue
                if part in {"user", "agent", "execution"}:
                    target = self._roles.tables[f"{part}s" if part != "execution" else "executions"]
                    stem = re.sub("^(app_|tbl_|mp_)|_table$", "", self.tables[target])
                    stem = re.sub("ie$", "y", re.sub("(?<=ch|ss)e$|(?<=x)e$", "", stem.removesuffix("s")))
                    name = (
                        f"{stem}_{ending}"
                        if self._style == "snake"
                        else stem[0].lower() + stem[1:] + ending.title()
                    )
                elif part in self._grammar.phrases["columns"][role]:
                    name = self._choose("columns", role, part)
                    name = (
                        f"{self._write(role.removesuffix('s'))}_{name}"
                        if prefixed and role != "users"
                        else name
                    )
                else:
                    continue
                while name in names.values() or name in self._kept:
                    name += "_2" if self._style == "snake" else "2"
                names[column] = name
        return names

    def _name_arguments(self) -> dict[str, str]:
        prefix = self._random.choice(_ARGUMENT_PREFIXES)
        names: dict[str, str] = {}
        for argument, meaning in self._roles.arguments.items():
            name = prefix + "_".join(self._pick_phrase("arguments", meaning).split())
            names[argument] = name if name not in names.values() else f"{name}_2"
        return names

    def reorder(self, script: str) -> str:
        """Shuffle the columns of each table that a script creates, and add decoys."""
        encoded = script.encode()
        statements = []
        for raw in pglast.parse_sql(script):
            start = raw.stmt_location or 0
            text = (
                encoded[start : start + raw.stmt_len].decode() if raw.stmt_len else encoded[start:].decode()
            )
            if isinstance(raw.stmt, ast.CreateStmt) and not raw.stmt.partbound and not raw.stmt.inhRelations:
                text = "\n" + RawStream()(self._shuffle_columns(raw.stmt))
            statements.append(text)
        return ";".join(statements)

    def _shuffle_columns(self, statement: ast.CreateStmt) -> ast.CreateStmt:
        elements = list(statement.tableElts or ())
        columns = [element for element in elements if isinstance(element, ast.ColumnDef)]
        others = [element for element in elements if not isinstance(element, ast.ColumnDef)]
        taken = {column.colname for column in columns}
        for kind in self._random.sample(sorted(self._grammar.phrases["decoys"]), 2):
            name = self._choose("decoys", kind)
            if name not in taken and name not in self.columns.values():
                taken.add(name)
                (made,) = pglast.parse_sql(f"CREATE TABLE t ({_quote(name)} {kind})")
                assert isinstance(made.stmt, ast.CreateStmt)
                columns += made.stmt.tableElts or ()
        self._random.shuffle(columns)
        statement.tableElts = (*columns, *others)
        return statement

    def apply(self, connection: Connection) -> None:
        """Give a marketplace its new names: tables, columns, the function that charges and its arguments."""
        connection.execute("SET check_function_bodies = off")
        definitions = list(_list_functions(connection))
        renamed_columns = [place for place in _list_columns(connection) if place[2] in self.columns]
        for schema, table, column in renamed_columns:  # by way of a name that no other column has
            _alter(connection, schema, table, column, f"{column} of old")
        for schema, table, column in renamed_columns:
            _alter(connection, schema, table, f"{column} of old", self.columns[column])
        tables = {}
        for full_name, name in self.tables.items():
            schema, _, table = full_name.rpartition(".")
            tables[table] = name
            if name != table:
                connection.execute(
                    f"ALTER TABLE {_quote(schema)}.{_quote(table)} RENAME TO {_quote(name)}".encode()
                )
        words = {**self.arguments, **self.columns, **tables}
        charging = (self._roles.function or "").rpartition(".")[2]
        for signature, name, definition in definitions:
            renamed = {**words, name: self.function} if name == charging else words
            if name == charging:
                connection.execute(f"DROP FUNCTION {signature}".encode())
            connection.execute(_rewrite(definition, renamed).encode())


def _list_column_names(script: str) -> set[str]:
    """Return every column that a script creates."""
    statements = [raw.stmt for raw in pglast.parse_sql(script)]
    return {
        element.colname
        for statement in statements
        if isinstance(statement, ast.CreateStmt)
        for element in statement.tableElts or ()
        if isinstance(element, ast.ColumnDef) and element.colname
    }


def _quote(name: str) -> str:
    return sql.Identifier(name).as_string()


def _alter(connection: Connection, schema: str, table: str, column: str, name: str) -> None:
    statement = sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}")
    connection.execute(
        statement.format(sql.Identifier(schema, table), sql.Identifier(column), sql.Identifier(name))
    )


def _list_columns(connection: Connection) -> list[tuple[str, str, str]]:
    return connection.execute(
        "SELECT nspname, relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'm', 'p', 'f') "
        "AND attnum > 0 AND NOT attisdropped AND attinhcount = 0 "
        "AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    ).fetchall()


def _list_functions(connection: Connection) -> list[tuple[str, str, str]]:
    return connection.execute(
        "SELECT p.oid::regprocedure::text, proname, pg_get_functiondef(p.oid) FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = pronamespace "
        "WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND prokind = 'f'"
    ).fetchall()


_TOKEN = re.compile(
    r"""(?P<kept>'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|%[A-Za-z]+)|"(?P<quoted>(?:[^"]|"")+)"|(?P<word>[A-Za-z_]\w*)""",
    re.DOTALL,
)


def _rewrite(definition: str, words: Mapping[str, str]) -> str:
    """Replace the names in a function's definition, but not in its texts and comments."""

    def replace(token: re.Match[str]) -> str:
        name = token["quoted"] or token["word"]
        return token[0] if name is None or name not in words else _quote(words[name])

    return _TOKEN.sub(replace, definition)
