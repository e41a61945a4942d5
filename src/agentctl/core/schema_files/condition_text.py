"""Prints the conditions of CHECKs for people, as pg_get_constraintdef does.

Nobody reads these texts to find out what a condition says: what is printed is at hand.
"""

from collections.abc import Callable

from agentctl.core.catalog.check_expression import Expression, Literal, Name, Operation
from agentctl.core.database.quoting import quoted
from agentctl.core.schema_files.text_of import quote_text

_UNKNOWN = "(?)"
_OPERATORS = frozenset({"=", "<>", "<", ">", "<=", ">=", "+", "-", "*"})


def print_condition(condition: Expression, print_name: Callable[[str], str] = quoted) -> str:
    """Return the text of a condition; what is unknown is `(?)`.

    Args:
        condition: or a part of one.
        print_name: writes the names of columns.

    """
    match condition:
        case Literal(value):
            return _print_literal(value)
        case Name(name):
            return print_name(name)
        case Operation("cast", (Literal(str() as text), Literal(kind))):
            return f"{_print_literal(text)}::{kind}"
        case Operation("cast", (value, Literal(kind))):
            return f"({print_condition(value, print_name)})::{kind}"
        case Operation(name, operands):
            return _print_operation(name, [print_condition(operand, print_name) for operand in operands])
    return _UNKNOWN


def _print_operation(name: str, operands: list[str]) -> str:
    match name, operands:
        case "AND" | "OR", _:
            text = f" {name} ".join(operands)
        case "= ANY" | "<> ALL", [left, right]:
            text = f"{left} {name} ({right})"
        case "IS DISTINCT" | "IS NOT DISTINCT", [left, right]:
            text = f"{left} {name} FROM {right}"
        case "NOT" | "-", [only]:
            text = f"{name} {only}"
        case _, [only] if name.startswith("IS "):
            text = f"{only} {name}"
        case _, [left, right] if name in _OPERATORS:
            text = f"{left} {name} {right}"
        case "ARRAY", _:
            return f"ARRAY[{', '.join(operands)}]"
        case _:
            return f"{name.upper() if name == 'coalesce' else name}({', '.join(operands)})"
    return f"({text})"


def _print_literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return quote_text(value)
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"({shown})" if shown.startswith("-") else shown
