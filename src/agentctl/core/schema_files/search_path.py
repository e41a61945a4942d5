"""SET search_path and its like, as far as they decide where names lead.

A setting holds until the end of the file, even where its transaction ends earlier.
"""

from collections.abc import Iterator

from pglast import ast
from pglast.enums import VariableSetKind

from agentctl.core.schema_files.store import DEFAULT_PATH, Store
from agentctl.core.sql.names import name_of

_SETTING = "search_path"


def set_path(store: Store, node: ast.VariableSetStmt) -> None:
    """Execute SET search_path."""
    if node.kind is VariableSetKind.VAR_RESET_ALL:
        store.path = DEFAULT_PATH
    elif node.name == _SETTING:
        is_given = node.kind is VariableSetKind.VAR_SET_VALUE
        store.path = _list_schemas(list_texts(node)) if is_given else DEFAULT_PATH


def set_by_query(store: Store, node: ast.SelectStmt) -> None:
    """Execute SELECT set_config('search_path', ...), as dumps begin with."""
    for target in node.targetList or ():
        call = target.val if isinstance(target, ast.ResTarget) else None
        if isinstance(call, ast.FuncCall) and name_of(call.funcname).name == "set_config":
            constants = list(_list_constants(call.args or ()))
            if constants[:1] == [_SETTING] and len(constants) > 1 and constants[1] is not None:
                store.path = _list_schemas([part.strip().strip('"') for part in constants[1].split(",")])


def list_texts(node: ast.VariableSetStmt) -> list[str]:
    """Return the values that a setting gets."""
    return [text for text in _list_constants(node.args or ()) if text is not None]


def _list_constants(nodes: tuple[object, ...]) -> Iterator[str | None]:
    for node in nodes:
        value = node.val if isinstance(node, ast.A_Const) else None
        if isinstance(value, ast.Integer):
            yield str(value.ival)
        else:
            yield value.sval if isinstance(value, ast.String) else None


def _list_schemas(names: list[str]) -> tuple[str, ...]:
    """Return the schemas of a path in which users create objects."""
    return tuple(name for name in names if name and name != "$user" and not name.startswith("pg_"))
