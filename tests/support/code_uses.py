"""Writes each use that was read from code as one short line, so that tests can state what they expect."""

from collections.abc import Iterable

from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeLiteral,
    CodeReading,
    ColumnUse,
    ConflictUse,
    EmbedUse,
    Named,
    RowWrite,
    Source,
    TableUse,
    Use,
    Written,
)


def lines_of(reading: CodeReading) -> list[str]:
    """Return every use, and what could not be read, without locations."""
    open_ends = [f"unresolved: {one.what}" for one in reading.unresolved]
    return [*map(line_of, reading.uses), *open_ends, *(f"unparsed: {one.why}" for one in reading.unparsed)]


def placed_lines_of(reading: CodeReading) -> list[str]:
    """Return every use, and what could not be read, each after its line and column."""
    every = [*reading.uses, *reading.unresolved, *reading.unparsed]
    texts = lines_of(reading)
    return [
        f"{one.location.line}:{one.location.column} {text}" for one, text in zip(every, texts, strict=True)
    ]


def line_of(use: Use) -> str:
    """Return one use as a line."""
    match use:
        case TableUse(table):
            return f"table {_format_name(table)}"
        case ColumnUse(sources, column, purpose, compared=compared):
            return f"{purpose} {'/'.join(map(_format_name, sources))}.{column}{_format_literals(compared)}"
        case RowWrite(table, verb, written, complete):
            return f"{verb} {_format_name(table)}({_format_columns(written, complete=complete)})"
        case ConflictUse(table, columns):
            return f"conflict {_format_name(table)}({', '.join(columns)})"
        case CallUse(function, schema, arguments, complete):
            qualified = f"{schema}.{function}" if schema else function
            return f"call {qualified}({_format_columns(arguments, complete=complete)})"
        case EmbedUse(embedded):
            return f"embed {embedded.target}"


def _format_columns(written: Iterable[Written], *, complete: bool) -> str:
    named = [f"{one.name}{'' if one.always else '?'}{_format_literals(one.literals)}" for one in written]
    return ", ".join(named if complete else [*named, "..."])


def _format_literals(given: tuple[CodeLiteral, ...]) -> str:
    return f"={'|'.join(repr(one.value) for one in given)}" if given else ""


def _format_name(source: Source) -> str:
    if not isinstance(source, Named):
        return repr(source)
    return f"{source.schema}.{source.name}" if source.schema else source.name
