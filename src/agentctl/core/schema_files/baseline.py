"""A recorded schema, in a file that people review, and how a live schema has drifted from it.

It holds only what is the same for every role, server and number of rows: no privilege, version or estimate.

A baseline is a set of facts, each a name and a text: `public.profiles.credits` is `integer not null`. A name
without a blank is a table, column or function; a name with a blank is a part of it, such as
`public.profiles constraint profiles_pkey`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from msgspec import Struct, field

from agentctl.core.catalog.introspection import Column, Function, Table
from agentctl.core.catalog.row_security import Policy
from agentctl.core.errors import ConfigError
from agentctl.core.files.writing import write_atomically
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location
from agentctl.core.schema_files.checks import drift_added, drift_changed, drift_removed

SCHEMA = "agentctl-baseline/1"
_WHOLE = "whole"
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


class Baseline(Struct, frozen=True):
    """The facts of a schema.

    Attributes:
        facts: texts by name.
        file: where they were read, or None where a database was.
        lines: the line of each fact in that file, from 1.
        whole: whether they cover every table and function, not only agentctl's.

    """

    facts: Mapping[str, str]
    file: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False


def record(tables: Iterable[Table], functions: Iterable[Function], *, whole: bool = False) -> Baseline:
    """Record the facts of tables and functions that are to stay as they are.

    Args:
        tables: all, or those that matter.
        functions: likewise.
        whole: whether these are all, so that code can be checked against it; then it also records triggers,
            domains, and which columns a sequence fills.

    """
    facts = dict(fact for table in tables for fact in _list_table_facts(table, whole=whole))
    facts |= dict(fact for function in functions for fact in _list_function_facts(function))
    return Baseline(facts, whole=whole)


def compare(recorded: Baseline, current: Baseline) -> tuple[Finding, ...]:
    """Return how `current` differs from `recorded`, in both directions; nothing where they are the same.

    A table or function that only one side has is one finding, not one for each of its parts.
    """
    findings: list[Finding] = []
    reported: tuple[str, ...] = ()
    for name in sorted({*recorded.facts, *current.facts}):
        was, now = recorded.facts.get(name), current.facts.get(name)
        if was == now or name.startswith(reported):
            continue
        findings.append(_make_finding(name, was, now, recorded=recorded))
        if was is None or now is None:
            reported += (f"{name}.", f"{name} ")
    return tuple(findings)


def read_baseline(path: Path) -> Baseline:
    """Read a file that `write_baseline` has written.

    Raises:
        ConfigError: it cannot be read, is cut off, is of another version, or is no baseline at all.

    """
    text = _read_text(path)
    lines = _find_lines(text)
    try:
        content = json.loads(text, object_pairs_hook=_refuse_repetition)
    except json.JSONDecodeError as error:
        _refuse_file(path, f"not JSON, or it is cut off: {error.msg}", line=error.lineno)
    except (ValueError, RecursionError) as error:
        _refuse_file(path, f"not a baseline: {error}")
    version = content.get("schema") if isinstance(content, dict) else None
    if version != SCHEMA:
        _refuse_file(path, f"not {SCHEMA} but {version or 'something else'}", line=lines.get("schema"))
    facts = content.get("facts")
    if not isinstance(facts, dict):
        _refuse_file(path, "not a baseline: it has no facts")
    for name, fact in facts.items():
        if not isinstance(fact, str):
            _refuse_file(path, f"not a baseline: {name} must be text", line=lines.get(name))
    scope = content.get("scope")
    if scope not in {None, _WHOLE}:
        _refuse_file(path, f"not a baseline: its scope is {scope}", line=lines.get("scope"))
    return Baseline(facts, file=path, lines=lines, whole=scope == _WHOLE)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, one fact a line, sorted, in ASCII; replaces the file in one step.

    Raises:
        SetupError: it cannot be written.

    """
    scope = {"scope": _WHOLE} if baseline.whole else {}
    content = {"schema": SCHEMA, **scope, "facts": dict(sorted(baseline.facts.items()))}
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def _list_table_facts(table: Table, *, whole: bool) -> Iterator[tuple[str, str]]:
    name = f"{_quote_name(table.schema)}.{_quote_name(table.name)}"
    yield name, table.kind
    yield f"{name} row security", "on" if table.row_security.enabled else "off"
    for column in table.columns:
        yield f"{name}.{_quote_name(column.name)}", _describe_column(column, whole=whole)
        if whole and column.is_of_domain:
            checks = " ".join(check.definition for check in column.domain_checks)
            yield f"{name}.{_quote_name(column.name)} domain", f"{column.base_type} {checks}".strip()
    for constraint in table.constraints:
        yield f"{name} constraint {_quote_name(constraint.name)}", constraint.definition
    for index in table.indexes:
        invalid = "" if index.valid else "INVALID "
        yield f"{name} index {_quote_name(index.name)}", f"{invalid}{index.definition}"
    for trigger in table.triggers if whole else ():
        yield f"{name} trigger {_quote_name(trigger.name)}", trigger.definition
    for policy in table.row_security.policies:
        yield f"{name} policy {_quote_name(policy.name)}", _describe_policy(policy)


def _describe_column(column: Column, *, whole: bool) -> str:
    labels = f" ({', '.join(column.enum_labels)})" if column.enum_labels else ""
    null = "" if column.nullable else " not null"
    value = f" default {column.default}" if column.default else ""
    if column.generated:
        value = f" generated always as {f'({column.default})' if column.default else 'identity'}"
    elif whole and column.sequence and not column.default:
        value = " generated by default as identity"
    return f"{column.type}{labels}{null}{value}"


def _describe_policy(policy: Policy) -> str:
    kind = "permissive" if policy.permissive else "restrictive"
    using = f" using ({policy.using})" if policy.using else ""
    check = f" with check ({policy.with_check})" if policy.with_check else ""
    return f"{kind} for {policy.command} to {', '.join(policy.roles)}{using}{check}"


def _list_function_facts(function: Function) -> Iterator[tuple[str, str]]:
    name = f"{_quote_name(function.schema)}.{_quote_name(function.name)}({function.signature})"
    yield name, f"returns {function.returns}"
    yield f"{name} security", "definer" if function.security_definer else "invoker"
    optional = ", ".join(argument.name for argument in function.arguments if argument.optional)
    yield f"{name} optional arguments", optional or "none"
    for setting in function.settings:
        key, _, value = setting.partition("=")
        yield f"{name} setting {key}", value


def _quote_name(name: str) -> str:
    """Quote a name where SQL needs it, so that no two objects share a name."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _make_finding(name: str, was: str | None, now: str | None, *, recorded: Baseline) -> Finding:
    if was is None:
        check, msg = drift_added.CHECK, f"{name} is in the database and not in the baseline: {now}"
    elif now is None:
        check, msg = drift_removed.CHECK, f"{name} is in the baseline and not in the database: {was}"
    else:
        check, msg = drift_changed.CHECK, f"{name} has changed from: {was}\nto: {now}"
    file, line = recorded.file, recorded.lines.get(name, 0)
    location = Location(file.as_posix(), line, column=0) if file else None
    hint = "If this is intended, record it with --write-baseline."
    return check.finding(name, msg, hint, location=location)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors put a mark at the beginning
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        msg = f"The baseline {path} cannot be read: {why}."
    except UnicodeDecodeError:
        msg = f"The baseline {path} cannot be read: it is not UTF-8."
    raise ConfigError(msg, hint="Record one: agentctl schema-check --write-baseline FILE")


def _refuse_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a repeated name, as a merge can leave it: JSON would silently take the second."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        msg = f"{next(name for name in names if names.count(name) > 1)} appears in it twice"
        raise ValueError(msg)
    return fields


def _find_lines(text: str) -> dict[str, int]:
    """Find the line of each name; the JSON decoder keeps none."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if (start := line.strip()).startswith('"'):
            try:
                name, _ = json.JSONDecoder().raw_decode(start)
            except json.JSONDecodeError:
                continue
            lines[name] = number
    return lines


def _refuse_file(path: Path, why: str, *, line: int | None = None) -> NoReturn:
    msg = f"{path}{f', line {line}' if line else ''}: this is {why}."
    raise ConfigError(msg, hint="Record it again: agentctl schema-check --write-baseline FILE") from None
