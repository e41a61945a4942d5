"""Generates strangers' marketplaces: other names, other types, and hostile rows.

A stranger is made from a seed: the types of its columns are drawn, and so are the values, each by the text
that a customer would send. What the server refuses cannot be in a row, and is left out. It asserts nothing.
"""

import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from support.marketplace import Connection, Database

PAYER, TOOL, DEED = 7001, 7002, 7003
"""The numbers of the user, the agent and the execution of somebody who means no harm."""

_LONG = 60_000
_TEXTS = (
    "",
    " ",
    "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f",
    "\u202egpj.exe\u2066i\u2069\u200b\u2060\ufeff\u00ad",
    "line\nline\r\nline\u2028line\u2029line\x85line\x0bline\x0c",
    "::error file=a,line=1::b\n::set-output name=a::b",
    "=cmd|' /C calc'!A0",
    '"], "forged": ["',
    "[red]r[/red][link=http://x.example]l[/link]:smile:",
    "%s %(a)s {} {a} {0.__class__} $1 \\ ' \" ` $(id)",
    "\U0001f469\u200d\U0001f680 e\u0301 \ufffe\uffff \U000e0041 \U0010ffff",
    "https://pia:geheim@127.0.0.2:9/webhook/a?key=geheim#geheim",
    "http://[::1",
    "javascript:alert(1)",
    "infinity",
    "NaN",
    "w" * _LONG,
    "\x1b" * 500,
    "\n" * 500,
)
_NUMBERS = (
    *("0", "-0", "7", "-7", "NaN", "Infinity", "-Infinity"),
    *("32767", "-32768", "2147483647", "-2147483648", "9223372036854775807", "-9223372036854775808"),
    *("0.1", "1e-16383", "-1e-100", "12345678901234567890.12345678901234567890", "1e300", "-1e300"),
    *("9" * 131_072, "-" + "9" * 131_072, "1e131071"),
)
_TIMES = (
    *(
        "infinity",
        "-infinity",
        "4713-01-01 BC",
        "0044-03-15 12:00 BC",
        "0001-01-01",
        "0001-01-01 00:00:01+14",
    ),
    *(
        "1970-01-01",
        "9999-12-31 23:59:59.999999",
        "9999-12-31 23:59:59-12",
        "10000-01-01",
        "294276-12-31 23:59",
    ),
    *(
        "294276-12-31 23:59:59.999999",
        "2026-11-01 12:00",
        "5874897-12-31",
        "1883-11-18 12:03:58 America/New_York",
    ),
)
_JSON = (
    *("null", "true", "0", '""', "[]", "{}", '"text"', "[[], {}]", '{"a": {"b": [1, 2.5, null]}}'),
    *("9" * 5000, "[%s]" % ("9" * 131_072), "1e400", "-1e999999", "[0.1, 1e-400]", '{"a": 1, "a": 2, "": 3}'),
    *(r'"\ud800"', r'["\u0000", "\udfff\ud800"]', r'{"\u001b]0;owned\u0007": "\u202e"}', '"\x1b[31m\x9b"'),
    *("[" * 99 + "]" * 99, "[" * 900 + "]" * 900, '{"a":' * 5000 + "1" + "}" * 5000),
    *('[{"name": "a", "default": 1e400}]', '[{"name": "\x1b", "label": {}, "options": [1, {}, null]}]'),
    *('{"type": "object", "properties": {"a": {"type": ["x"], "enum": []}}}', '{"fields": [{"name": 1}]}'),
    *('{"$schema": 7, "type": {"a": 1}}', '{"$ref": "http://x.example/a"}', '"' + "w" * _LONG + '"'),
)  # fmt: skip
_ARRAYS = (
    "{}",
    "{NULL}",
    '{"", NULL, "\x1b"}',
    "{{a,b},{c,d}}",
    "[5:6]={a,b}",
    "{" + ",".join(["w"] * 999) + "}",
)
_BYTES = (r"\x", r"\xdeadbeef00ff", "\\x" + "ff" * 999)
_TRUTHS = ("true", "false")

_BY_TYPE: Mapping[str, Sequence[str]] = {
    "text": _TEXTS,
    "varchar": _TEXTS,
    "varchar(40)": _TEXTS,
    "char(9)": _TEXTS,
    "odd_text": _TEXTS,
    "numeric": _NUMBERS,
    "numeric(30,6)": _NUMBERS,
    "smallint": _NUMBERS,
    "integer": _NUMBERS,
    "bigint": _NUMBERS,
    "real": _NUMBERS,
    "double precision": _NUMBERS,
    "money": _NUMBERS,
    "timestamptz": _TIMES,
    "timestamp": _TIMES,
    "timestamptz(0)": _TIMES,
    "date": _TIMES,
    "time": ("24:00", "00:00", "12:34:56.789"),
    "timetz": ("24:00-15:59", "00:00+15:59"),
    "interval": ("178000000 years", "-178000000 years 5 mons 3 days", "PT0S"),
    "json": _JSON,
    "jsonb": _JSON,
    "boolean": _TRUTHS,
    "uuid": ("ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000"),
    "bytea": _BYTES,
    "text[]": _ARRAYS,
    "int[]": ("{}", "{1,NULL}", "{{2147483647}}"),
    "inet": ("::1", "10.0.0.0/8", "255.255.255.255"),
    "tsrange": ("empty", "(,)", "[-infinity,infinity]", "[0044-01-01 BC,2026-01-01)"),
    "nummultirange": ("{}", "{[NaN,NaN]}", "{[1,2),(5,)}"),
    "xml": ("<a>&#27;</a>", "plain"),
    "bit(3)": ("101",),
    "point": ("(NaN,Infinity)",),
    "tsvector": ("a:1 'b\x1bc':2",),
    "odd_pair": ('(1,"a\x1b")', "(,)", "(NaN,)"),
    "odd_word": ("ok", "o'k, {\"", "sad\x1b"),
}  # fmt: skip
_TYPES_SQL: LiteralString = """
CREATE DOMAIN odd_text AS text CHECK (value <> 'never');
CREATE TYPE odd_pair AS (left_half numeric, right_half text);
CREATE TYPE odd_word AS ENUM (
    'ok', 'o''k, {"', E'sad\\x1b', 'queued', 'working', 'good', 'bad', 'spent', 'given'
);
"""
_KEYS = ("bigint", "text", "uuid")
_ANY_TEXT = ("text", "text", "varchar", "odd_text", "varchar(40)", "char(9)")
_LONG_TEXT = ("text", "text", "varchar", "odd_text")
_ANYTHING = (
    *_ANY_TEXT,
    "bytea",
    "inet",
    "tsrange",
    "money",
    "interval",
    "timetz",
    "odd_pair",
    "odd_word",
    "date",
)
_EXACT = ("numeric", "numeric", "bigint", "integer", "numeric(30,6)", "smallint")
_WHEN = ("timestamptz", "timestamptz", "timestamp", "date", "timestamptz(0)")
_CONTENT = ("jsonb", "json")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a stranger: its part, its name, and the types that it may have."""

    part: str
    name: str
    types: tuple[str, ...]
    harmless: str | None


_TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "users": (
        "patrons",
        (
            Column("id", "patron_no", _KEYS, str(PAYER)),
            Column("email", "letterbox", _ANYTHING, "pia@shop.example"),
            Column("balance", "purse", _EXACT, "500"),
        ),
    ),
    "agents": (
        "gadgets",
        (
            Column("id", "gadget_no", _KEYS, str(TOOL)),
            Column("slug", "nick", _ANYTHING, "teapot"),
            Column("name", "headline", _ANYTHING, "Teapot"),
            Column("price", "toll", _EXACT, "3"),
            Column("webhook", "bell", _LONG_TEXT, "http://127.0.0.1:9/webhook/t"),
            Column("description", "blurb", _ANYTHING, None),
            Column("category", "shelf", _ANYTHING, None),
            Column("active", "lit", ("boolean",), "true"),
            Column("deleted", "binned", ("boolean", "timestamptz", "date", "text"), None),
            Column("form", "sheet", ("jsonb", "json", "text", "xml", "text[]"), None),
            Column("platforms", "ports", ("text[]", "jsonb", "json", "int[]", "text", "numeric"), None),
        ),
    ),
    "executions": (
        "deeds",
        (
            Column("id", "deed_no", _KEYS, str(DEED)),
            Column("user", "patron", _KEYS, str(PAYER)),
            Column("agent", "gadget", _KEYS, str(TOOL)),
            Column("status", "phase", ("text", "odd_word", "odd_text", "varchar"), "good"),
            Column("created_at", "born", _WHEN, "2026-11-01 12:00"),
            Column("workflow_id", "rung", _LONG_TEXT, "http://127.0.0.1:9/webhook/t"),
            Column("inputs", "wishes", _CONTENT, '{"leaf": "oolong"}'),
            Column("result", "brew", _CONTENT, '{"cups": 2}'),
            Column("error", "moan", _LONG_TEXT, None),
            Column("credits_used", "paid", ("numeric", "bigint", "integer"), "3"),
            Column("started_at", "begun", ("timestamptz",), "2026-11-01 12:00"),
            Column("completed_at", "over", ("timestamptz",), "2026-11-01 12:01"),
        ),
    ),
    "ledger": (
        "entries",
        (
            Column("id", "entry_no", _KEYS, "7004"),
            Column("user", "patron", _KEYS, str(PAYER)),
            Column("amount", "plus", _EXACT, "-3"),
            Column("kind", "sort", ("text", "odd_word", "varchar"), "spent"),
            Column("execution", "deed", _KEYS, str(DEED)),
            Column("balance_after", "left_over", _EXACT, "500"),
            Column("description", "note", _ANYTHING, None),
            Column("created_at", "noted", _WHEN, "2026-11-01 12:00"),
        ),
    ),
}
_WORDS = """
[profiles.odd.schema.executions.statuses]
pending = "queued"
running = "working"
success = "good"
failed = "bad"
[profiles.odd.schema.ledger.kinds]
charge = "spent"
refund = "given"
grant = "given"
"""
_PHASES = ("queued", "working", "good", "bad", "ok")
_SORTS = ("spent", "given")


@dataclass(frozen=True, slots=True)
class Stranger:
    """A marketplace of somebody else's.

    Attributes:
        types: of its columns, by table and name.
        key: the type of ids.
        rows: how many hostile rows are in it.

    """

    database: Database
    types: Mapping[tuple[str, str], str]
    key: str
    rows: int

    def id_of(self, number: int) -> str:
        """Return the id of a harmless row."""
        return spell_key(number, self.key)

    def configuration(self, *, sign: str) -> str:
        """Return the configuration that maps the stranger's tables for agentctl."""
        lines = ["[profiles.odd]", f'database_url = "{self.database.url}"', f'user = "{self.id_of(PAYER)}"']
        lines += ["[profiles.odd.webhook]", 'allow_hosts = ["127.0.0.1"]']
        for role, (table, columns) in _TABLES.items():
            lines += [f"[profiles.odd.schema.{role}]", f'table = "public.{table}"']
            lines += [f'sign = "{sign}"'] if role == "ledger" else []
            lines += [f'{column.part} = "{column.name}"' for column in columns]
        return "\n".join(lines) + _WORDS


def make_stranger(database: Database, *, seed: int, rows: int) -> Stranger:
    """Fill an empty database with a stranger's marketplace.

    Args:
        database: an empty one.
        seed: the only source of the random choices.
        rows: of each table.

    """
    draw = random.Random(seed)
    types: dict[tuple[str, str], str] = {}
    key = _KEYS[seed % len(_KEYS)]
    count = 0
    with database.connect() as connection:
        connection.execute(_TYPES_SQL)
        for table, columns in _TABLES.values():
            drawn = {
                column.name: key if column.types is _KEYS else _draw_type(draw, column, connection)
                for column in columns
            }
            types |= {(table, name): kind for name, kind in drawn.items()}
            values = {kind: _acceptable(connection, kind) for kind in set(drawn.values())}
            _create(connection, table, drawn)
            _insert(connection, table, drawn, [_harmless(column, drawn[column.name]) for column in columns])
            for number in range(rows):
                kinds = ((column, drawn[column.name]) for column in columns)
                row = [_hostile(draw, column, kind, values[kind], number) for column, kind in kinds]
                _insert(connection, table, drawn, row)
                count += 1
    return Stranger(database, types, key, count)


def _acceptable(connection: Connection, kind: str) -> list[str]:
    """Return the values that the server accepts for a type; a refused value can be in no row."""
    query = sql.SQL("SELECT %s::text::") + sql.SQL(kind)
    taken = []
    for value in _BY_TYPE[kind]:
        with contextlib.suppress(psycopg.errors.DataError, psycopg.errors.IntegrityError, psycopg.DataError):
            connection.execute(query, [value])
            taken.append(value)
    return taken


def _draw_type(draw: random.Random, column: Column, connection: Connection) -> str:
    kind = draw.choice(column.types)
    missing = kind == "nummultirange" and connection.info.server_version < 140_000
    return "text" if missing or (kind == "xml" and not _reads_xml(connection)) else kind


def _reads_xml(connection: Connection) -> bool:
    """Whether the server was built with XML."""
    try:
        connection.execute("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True


def _create(connection: Connection, table: str, types: Mapping[str, str]) -> None:
    columns = sql.SQL(", ").join(
        sql.Identifier(name) + sql.SQL(" ") + sql.SQL(kind) for name, kind in types.items()
    )
    primary = sql.Identifier(next(iter(types)))
    connection.execute(
        sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(sql.Identifier(table), columns, primary)
    )


def _harmless(column: Column, kind: str) -> str | None:
    if column.harmless is None:
        return None
    if column.types is _KEYS:
        return spell_key(int(column.harmless), kind)
    if column.types is _ANYTHING and kind in _NO_TEXTS:
        return None
    return column.harmless


_NO_TEXTS = frozenset(_ANYTHING) - frozenset(_ANY_TEXT) | {"char(9)", "varchar(40)"}


def spell_key(number: int, kind: str) -> str:
    """Write an id by its number."""
    return str(UUID(int=number)) if kind == "uuid" else str(number)


def _hostile(
    draw: random.Random, column: Column, kind: str, values: Sequence[str], number: int
) -> str | None:
    """Draw one value: NULL, a hostile value, or a valid reference."""
    if column.part == "id":
        odd = kind == "text" and draw.random() < 0.5
        return f"{draw.choice(_TEXTS)[:99]}#{number}" if odd else spell_key(number + 1, kind)
    if column.types is _KEYS:
        leading = draw.choice((PAYER, TOOL, DEED, draw.randrange(1, 90)))
        return None if draw.random() < 0.1 else spell_key(leading, kind)
    if column.part in {"status", "kind"} and draw.random() < 0.7:
        return draw.choice(_PHASES if column.part == "status" else _SORTS)
    return None if draw.random() < 0.1 else draw.choice(values)


def _insert(
    connection: Connection, table: str, types: Mapping[str, str], values: Sequence[str | None]
) -> None:
    """Insert a row, each value by its text."""
    shown = sql.SQL(", ").join(
        sql.Placeholder() + sql.SQL("::text::") + sql.SQL(kind) for kind in types.values()
    )
    query = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), shown)
    connection.execute(query, list(values))


def describe_types(stranger: Stranger) -> str:
    """Return the types of a stranger's columns, one line each, for the report of a failure."""
    return "\n".join(f"{table}.{name} {kind}" for (table, name), kind in stranger.types.items())
