"""Makes a schema of a baseline: writes its facts as SQL, which ddl.py interprets.

A baseline holds less than a database: neither what views read nor which table inherits from which.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from agentctl.core.location import Location
from agentctl.core.schema_files.baseline import Baseline
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.sites import UnreadStatement
from agentctl.core.schema_files.text_of import quote_text
from agentctl.core.sql.tokens import tokens

_NAME = r'(?:[a-z_][a-z0-9_]*|"(?>(?:[^"]|"")*)")'
_OF_TABLE = re.compile(
    rf"(?P<table>{_NAME}\.{_NAME})"
    rf"(?:\.(?P<column>{_NAME})(?P<domain> domain)?| (?P<part>constraint|index|trigger) (?P<name>{_NAME})"
    r"| (?P<security>row security)| policy .*)?",
    re.DOTALL,
)
_OF_FUNCTION = re.compile(
    rf"(?P<function>{_NAME}\.{_NAME})\((?P<signature>.*)\)"
    r"(?: (?P<part>security|optional arguments|setting .+))?",
    re.DOTALL,
)
_COLUMN = re.compile(
    r"""(?P<type>(?>(?:"(?>(?:[^"]|"")*)"|(?!\ (?:\(|not\ null|default\ |generated\ ))[^"])+))
        (?:\ \((?P<labels>.*?)\))?(?P<null>\ not\ null)?
        (?:\ default\ (?P<default>.*)|\ generated\ (?P<generated>(?:always|by\ default)\ as\ .*))?""",
    re.DOTALL | re.VERBOSE,
)
# The same groups for a fact that is not a column's: PostgreSQL's grammar says what is wrong with it.
_ODD_COLUMN = re.compile(
    r"(?P<type>.*)(?P<labels>(?!))?(?P<null>(?!))?(?P<default>(?!))?(?P<generated>(?!))?", re.DOTALL
)
_TYPE = re.compile(
    rf"(?:{_NAME}\.)?(?:{_NAME}|double precision|(?:character|bit) varying"
    r"|time(?:stamp)? with(?:out)? time zone)(?:\[\])?"
)
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_ENDS = {"partitioned table": " PARTITION BY RANGE (x)", "foreign table": " SERVER x"}


class _Table(Struct):
    """The facts of one table."""

    kind: str
    columns: dict[str, re.Match[str]] = field(default_factory=dict)
    constraints: dict[str, str] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    secured: bool = False


def schema_of(baseline: Baseline) -> tuple[Schema, list[UnreadStatement]]:
    """Return the schema that a baseline records, and what of it was not understood."""
    schema = Schema()
    file = baseline.file.as_posix() if baseline.file else ""
    tables = _read_tables(baseline.facts)
    sequences = () if baseline.whole else _list_perhaps_filled(tables)
    text = ";\n".join([*_write_tables(tables, frozenset(sequences)), *_write_functions(baseline.facts)])
    problems = schema.apply(text, file=file)
    return schema, [UnreadStatement(Location(file, 1), problem.message) for problem in problems]


def _quote_parts(name: str) -> str:
    """Quote every part of a name: a baseline leaves keywords as they are."""
    return re.sub(_NAME, lambda part: part[0] if part[0].startswith('"') else f'"{part[0]}"', name)


def _read_tables(facts: Mapping[str, str]) -> dict[str, _Table]:
    by_name: dict[str, _Table] = {}
    for name, fact in facts.items():
        part = _OF_TABLE.fullmatch(name)
        if part is not None:
            table = by_name.setdefault(_quote_parts(part["table"]), _Table("table"))
            _note_fact(table, part, fact)
    return by_name


def _note_fact(table: _Table, part: re.Match[str], fact: str) -> None:
    if part["column"] and not part["domain"]:
        column = _COLUMN.fullmatch(fact) or _ODD_COLUMN.fullmatch(fact)
        table.columns.update({_quote_parts(part["column"]): column} if column else {})
    elif part["domain"]:
        table.domains[_quote_parts(part["column"])] = fact
    elif part["part"] == "trigger":
        table.triggers.append(fact)
    elif part["part"] == "constraint":
        table.constraints[_quote_parts(part["name"])] = fact
    elif part["part"] == "index" and fact.startswith("CREATE"):  # no INVALID one
        table.indexes.append(fact)
    elif part["security"]:
        table.secured = fact == "on"
    elif part[0] == part["table"]:
        table.kind = fact


def _list_perhaps_filled(tables: Mapping[str, _Table]) -> Iterator[tuple[str, str]]:
    """Yield the keys that a sequence may fill: a baseline of some tables does not say which."""
    for name, table in tables.items():
        keys = {
            column_fact for column_fact in table.constraints.values() if column_fact.startswith("PRIMARY KEY")
        }
        for column, column_fact in table.columns.items():
            if (
                column_fact["type"] in _INTEGERS
                and {f"PRIMARY KEY ({column})", f"PRIMARY KEY ({column[1:-1]})"} & keys
                and not column_fact["default"]
            ):
                yield name, column


def _write_tables(tables: Mapping[str, _Table], filled: frozenset[tuple[str, str]]) -> Iterator[str]:
    """Write types, then tables, then what belongs to tables and may refer to others."""
    yield from _write_types(tables.values())
    for name, table in tables.items():
        yield _write_table(name, table, {column for owner, column in filled if owner == name})
    for name, table in tables.items():
        for constraint, definition in table.constraints.items():
            yield f"ALTER TABLE {name} ADD CONSTRAINT {constraint} {definition}"
        yield from table.indexes
        yield from table.triggers
        if table.secured:
            yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"


def _write_types(tables: Iterable[_Table]) -> Iterator[str]:
    for table in tables:
        for column, below in table.domains.items():
            if column in table.columns:
                yield f"CREATE DOMAIN {table.columns[column]['type']} AS {below}"
    for column_fact in (column_fact for table in tables for column_fact in table.columns.values()):
        labels = (column_fact["labels"] or "").split(", ")
        # A label with a comma in it looks like two labels, so such a list is not trusted.
        if column_fact["labels"] and not any(
            "," in text or text != text.strip() or not text for text in labels
        ):
            shown = ", ".join(map(quote_text, labels))
            yield f"CREATE TYPE {column_fact['type'].removesuffix('[]')} AS ENUM ({shown})"


def _write_table(name: str, table: _Table, filled: set[str]) -> str:
    if table.kind.endswith("view"):
        columns = ", ".join(
            f"NULL::{column_fact['type']} AS {column}" for column, column_fact in table.columns.items()
        )
        return f"CREATE {table.kind} {name} AS SELECT {columns} FROM nobody_knows.what"  # noqa: S608  # not sent
    columns = ", ".join(
        _write_column(column, column_fact, column in filled) for column, column_fact in table.columns.items()
    )
    kind = "FOREIGN TABLE" if table.kind == "foreign table" else "TABLE"
    return f"CREATE {kind} {name} ({columns}){_ENDS.get(table.kind, '')}"


def _write_column(name: str, column_fact: re.Match[str], is_filled: bool) -> str:  # noqa: FBT001
    null = " NOT NULL" if column_fact["null"] else ""
    value = f" DEFAULT {column_fact['default']}" if column_fact["default"] else ""
    if column_fact["generated"]:
        stored = "" if column_fact["generated"].endswith("identity") else " STORED"
        value = f" GENERATED {column_fact['generated']}{stored}"
    elif is_filled:
        value = " GENERATED BY DEFAULT AS IDENTITY"
    return f"{name} {column_fact['type']}{null}{value}"


def _write_functions(facts: Mapping[str, str]) -> Iterator[str]:
    for name, result in facts.items():
        part = _OF_FUNCTION.fullmatch(name)
        if part is None or part["part"]:
            continue
        optional = facts.get(f"{name} optional arguments", "").split(", ")
        arguments = ", ".join(_write_argument(text, optional) for text in _split_arguments(part["signature"]))
        definer = " SECURITY DEFINER" if facts.get(f"{name} security") == "definer" else ""
        head = f"{_quote_parts(part['function'])}({arguments}) {result}"
        yield f"CREATE FUNCTION {head} LANGUAGE sql{definer} AS ''"


def _split_arguments(signature: str) -> Iterator[str]:
    start = 0
    for token in tokens(signature):
        if signature[token.start : token.end] == ",":
            yield signature[start : token.start].strip()
            start = token.end
    if signature.strip():
        yield signature[start:].strip()


def _write_argument(text: str, optional: list[str]) -> str:
    """Write an argument; one without a name counts as optional, because the baseline does not say."""
    if text.startswith("OUT "):
        return text
    bare = text.removeprefix("INOUT ").removeprefix("VARIADIC ")
    named = re.match(_NAME, bare)
    name = named[0].strip('"').replace('""', '"') if named else ""
    return f"{text} DEFAULT NULL" if name in optional or _TYPE.fullmatch(bare) else text
