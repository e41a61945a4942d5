"""Distinguishes the placeholders of drivers and tools from SQL's own operators, and replaces them by SQL.

A replacement is as long as its placeholder, so that everything else keeps its offset.
"""

from pglast import keywords

from agentctl.core.code_check.reading.sql.lexemes import Lexeme

HELD = "\ue000"
"""What the text begins with that takes the place of a psql variable in quotes."""
_VALUES_THEMSELVES = frozenset({"null", "true", "false", "end", "default", "user"})
_OTHERS_BEFORE_VALUES = frozenset(
    {
        "between",
        "by",
        "call",
        "escape",
        "first",
        "interval",
        "next",
        "passing",
        "set",
        "update",
        "values",
        "zone",
    }
)
_BEFORE_VALUES = (
    frozenset(keywords.RESERVED_KEYWORDS)
    | frozenset(keywords.TYPE_FUNC_NAME_KEYWORDS)
    | _OTHERS_BEFORE_VALUES
) - _VALUES_THEMSELVES
_VALUE_KINDS = frozenset({"string", "dollar", "quoted", "number", "named", "text", "held"})
_BEFORE_LISTS = frozenset({"in", "values"})


def is_value(lexeme: Lexeme) -> bool:
    """Whether a value ends with this lexeme, so that an operator and not a placeholder follows."""
    if lexeme.kind == "word":
        return lexeme.text.lower() not in _BEFORE_VALUES
    return lexeme.text in {")", "]"} or lexeme.kind in _VALUE_KINDS


def is_placeholder(lexeme: Lexeme, previous: Lexeme | None, *, in_subscript: bool) -> bool:
    """Whether a lexeme is a placeholder, and neither an operator nor the second half of a slice.

    Args:
        lexeme: the lexeme in question.
        previous: the one before it in the same statement.
        in_subscript: whether the innermost bracket is that of a subscript.

    """
    behind_value = previous is not None and is_value(previous)
    if lexeme.kind == "positional":
        return not behind_value
    return lexeme.kind == "named" and not (in_subscript and behind_value and lexeme.text.startswith(":"))


def substitute(lexeme: Lexeme, previous: Lexeme | None, source: str) -> tuple[int, str, int]:
    """Return what replaces a placeholder: from which offset, which text, and where its identifier begins.

    Behind IN and VALUES, drivers fill in a whole list.
    """
    start, length = lexeme.start, len(lexeme.text)
    as_list = previous is not None and previous.text.lower() in _BEFORE_LISTS
    missing = max(0, len("(x)") - length) if as_list else 0
    begin = start - missing
    if not as_list or source[begin:start].strip():
        return start, "x" + "_" * (length - 1), start
    return begin, "(x" + "_" * (length + missing - len("(x)")) + ")", begin + 1
