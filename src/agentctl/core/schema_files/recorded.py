"""Makes a schema of a baseline: writes what its facts say as SQL, and has that executed.

A baseline tells less than a database: nothing of what views read, or of who inherits from whom.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agentctl.core.location import Location
from agentctl.core.schema_files.baseline import Baseline
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.unread import UnreadStatement
from agentctl.core.sql.tokens import tokens

_NAME = r'(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")*+")'
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
    r"""(?P<type>(?:"(?:[^"]|"")*+"|(?!\ (?:\(|not\ null|default\ |generated\ ))[^"])++)
        (?:\ \((?P<labels>.*?)\))?(?P<null>\ not\ null)?
        (?:\ default\ (?P<default>.*)|\ generated\ (?P<generated>(?:always|by\ default)\ as\ .*))?""",
    re.DOTALL | re.VERBOSE,
)
# The same parts, of what is no column's: PostgreSQL's grammar says what is wrong with it.
_ODD_COLUMN = re.compile(
    r"(?P<type>.*)(?P<labels>(?!))?(?P<null>(?!))?(?P<default>(?!))?(?P<generated>(?!))?", re.DOTALL
)
_TYPE = re.compile(
    rf"(?:{_NAME}\.)?(?:{_NAME}|double precision|(?:character|bit) varying"
    r"|time(?:stamp)? with(?:out)? time zone)(?:\[\])?"
)
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_ENDS = {"partitioned table": " PARTITION BY RANGE (x)", "foreign table": " SERVER x"}


@dataclass(slots=True)
class _Table:
    """What the facts say of one table."""

    kind: str
    columns: dict[str, re.Match[str]] = field(default_factory=dict)
    constraints: dict[str, str] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    secured: bool = False


def schema_of(baseline: Baseline) -> tuple[Schema, list[UnreadStatement]]:
    """Return the schema that a baseline tells of, and what of it was not understood."""
    schema = Schema()
    file = baseline.file.as_posix() if baseline.file else ""
    tables = _tables(baseline.facts)
    sequences = () if baseline.whole else _perhaps_filled(tables)
    text = ";\n".join([*_of_tables(tables, frozenset(sequences)), *_of_functions(baseline.facts)])
    problems = schema.apply(text, file=file)
    return schema, [UnreadStatement(Location(file, 1), problem.message) for problem in problems]


def _sql(name: str) -> str:
    """Quote every part of a name: a baseline leaves keywords as they are."""
    return re.sub(_NAME, lambda found: found[0] if found[0].startswith('"') else f'"{found[0]}"', name)


def _tables(facts: Mapping[str, str]) -> dict[str, _Table]:
    found: dict[str, _Table] = {}
    for name, said in facts.items():
        part = _OF_TABLE.fullmatch(name)
        if part is not None:
            table = found.setdefault(_sql(part["table"]), _Table("table"))
            _note(table, part, said)
    return found


def _note(table: _Table, part: re.Match[str], said: str) -> None:
    if part["column"] and not part["domain"]:
        column = _COLUMN.fullmatch(said) or _ODD_COLUMN.fullmatch(said)
        table.columns.update({_sql(part["column"]): column} if column else {})
    elif part["domain"]:
        table.domains[_sql(part["column"])] = said
    elif part["part"] == "trigger":
        table.triggers.append(said)
    elif part["part"] == "constraint":
        table.constraints[_sql(part["name"])] = said
    elif part["part"] == "index" and said.startswith("CREATE"):  # no INVALID one
        table.indexes.append(said)
    elif part["security"]:
        table.secured = said == "on"
    elif part[0] == part["table"]:
        table.kind = said


def _perhaps_filled(tables: Mapping[str, _Table]) -> Iterator[tuple[str, str]]:
    """Yield the keys that a sequence may fill: a baseline of a part does not say which it does."""
    for name, table in tables.items():
        keys = {said for said in table.constraints.values() if said.startswith("PRIMARY KEY")}
        for column, said in table.columns.items():
            if (
                said["type"] in _INTEGERS
                and {f"PRIMARY KEY ({column})", f"PRIMARY KEY ({column[1:-1]})"} & keys
                and not said["default"]
            ):
                yield name, column


def _of_tables(tables: Mapping[str, _Table], filled: frozenset[tuple[str, str]]) -> Iterator[str]:
    """Write types, then tables, then what is of them and may speak of others."""
    yield from _of_types(tables.values())
    for name, table in tables.items():
        yield _of_table(name, table, {column for owner, column in filled if owner == name})
    for name, table in tables.items():
        for constraint, said in table.constraints.items():
            yield f"ALTER TABLE {name} ADD CONSTRAINT {constraint} {said}"
        yield from table.indexes
        yield from table.triggers
        if table.secured:
            yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"


def _of_types(tables: Iterable[_Table]) -> Iterator[str]:
    for table in tables:
        for column, below in table.domains.items():
            if column in table.columns:
                yield f"CREATE DOMAIN {table.columns[column]['type']} AS {below}"
    for said in (said for table in tables for said in table.columns.values()):
        labels = (said["labels"] or "").split(", ")
        # A label with a comma in it looks like two; what shows that there is one is not trusted.
        if said["labels"] and not any("," in one or one != one.strip() or not one for one in labels):
            shown = ", ".join("'" + label.replace("'", "''") + "'" for label in labels)
            yield f"CREATE TYPE {said['type'].removesuffix('[]')} AS ENUM ({shown})"


def _of_table(name: str, table: _Table, filled: set[str]) -> str:
    if table.kind.endswith("view"):
        columns = ", ".join(f"NULL::{said['type']} AS {column}" for column, said in table.columns.items())
        return f"CREATE {table.kind} {name} AS SELECT {columns} FROM nobody_knows.what"  # noqa: S608  # not sent
    columns = ", ".join(_of_column(column, said, column in filled) for column, said in table.columns.items())
    kind = "FOREIGN TABLE" if table.kind == "foreign table" else "TABLE"
    return f"CREATE {kind} {name} ({columns}){_ENDS.get(table.kind, '')}"


def _of_column(name: str, said: re.Match[str], is_filled: bool) -> str:  # noqa: FBT001
    null = " NOT NULL" if said["null"] else ""
    value = f" DEFAULT {said['default']}" if said["default"] else ""
    if said["generated"]:
        stored = "" if said["generated"].endswith("identity") else " STORED"
        value = f" GENERATED {said['generated']}{stored}"
    elif is_filled:
        value = " GENERATED BY DEFAULT AS IDENTITY"
    return f"{name} {said['type']}{null}{value}"


def _of_functions(facts: Mapping[str, str]) -> Iterator[str]:
    for name, said in facts.items():
        part = _OF_FUNCTION.fullmatch(name)
        if part is None or part["part"]:
            continue
        optional = facts.get(f"{name} optional arguments", "").split(", ")
        arguments = ", ".join(_argument(one, optional) for one in _arguments(part["signature"]))
        definer = " SECURITY DEFINER" if facts.get(f"{name} security") == "definer" else ""
        yield f"CREATE FUNCTION {_sql(part['function'])}({arguments}) {said} LANGUAGE sql{definer} AS ''"


def _arguments(signature: str) -> Iterator[str]:
    start = 0
    for token in tokens(signature):
        if signature[token.start : token.end] == ",":
            yield signature[start : token.start].strip()
            start = token.end
    if signature.strip():
        yield signature[start:].strip()


def _argument(text: str, optional: list[str]) -> str:
    """Write an argument; one without a name may be left out, for nobody says that it may not."""
    if text.startswith("OUT "):
        return text
    bare = text.removeprefix("INOUT ").removeprefix("VARIADIC ")
    named = re.match(_NAME, bare)
    name = named[0].strip('"').replace('""', '"') if named else ""
    return f"{text} DEFAULT NULL" if name in optional or _TYPE.fullmatch(bare) else text
