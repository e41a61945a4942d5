"""CREATE and ALTER FUNCTION; procedures are left out, because no query calls them.

Of a function's body, it only looks whether it asks who is signed in.
"""

import re
from typing import Any

from msgspec.structs import replace
from pglast import ast
from pglast.enums import FunctionParameterMode, VariableSetKind

from agentctl.core.database.quoting import quoted
from agentctl.core.schema_files.drafts import ArgumentDraft, FunctionDraft, TypeUse
from agentctl.core.schema_files.dropping import matches
from agentctl.core.schema_files.search_path import list_texts
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.type_names import type_use
from agentctl.core.sql.names import name_of

_ASKS_WHO = re.compile(r"auth\.(uid|jwt|role)\s*\(|request\.jwt")
_MODES = {
    FunctionParameterMode.FUNC_PARAM_OUT: "o",
    FunctionParameterMode.FUNC_PARAM_INOUT: "b",
    FunctionParameterMode.FUNC_PARAM_VARIADIC: "v",
    FunctionParameterMode.FUNC_PARAM_TABLE: "t",
}
_UNKNOWN = TypeUse("unknown")


def create_function(store: Store, node: ast.CreateFunctionStmt, site: Site) -> None:
    """Execute CREATE [OR REPLACE] FUNCTION."""
    if node.is_procedure:
        return
    full_name = store.qualify(name_of(node.funcname))
    arguments = tuple(_read_argument(store, item) for item in node.parameters or ())
    tabular = any(item.mode == "t" for item in arguments)
    returns = None if tabular or node.returnType is None else type_use(store, node.returnType) or _UNKNOWN
    function = FunctionDraft(
        *full_name,
        arguments,
        returns,
        set_of=bool(node.returnType and node.returnType.setof) and not tabular,
        security_definer=False,
        settings=(),
        asks_who=bool(_ASKS_WHO.search(_body_of(node.options or ()))),
        location=site.location,
    )
    overloads = store.functions.setdefault(full_name, [])
    there = next((item for item in overloads if item.inputs == function.inputs), None)
    if there is None or node.replace:
        overloads[:] = [
            *(item for item in overloads if item is not there),
            _apply_options(store, function, node.options or ()),
        ]


def alter_function(store: Store, node: ast.AlterFunctionStmt) -> None:
    """Execute ALTER FUNCTION ... SET and SECURITY DEFINER."""
    wanted = node.func
    if wanted is None:
        return
    overloads = store.functions_named(name_of(wanted.objname))
    overloads[:] = [
        _apply_options(store, function, node.actions or ()) if matches(store, wanted, function) else function
        for function in overloads
    ]


def _read_argument(store: Store, node: ast.FunctionParameter) -> ArgumentDraft:
    mode = _MODES.get(node.mode or FunctionParameterMode.FUNC_PARAM_IN, "i")
    use = type_use(store, node.argType) or _UNKNOWN
    return ArgumentDraft(node.name or "", use, mode, optional=node.defexpr is not None)


def _apply_options(store: Store, function: FunctionDraft, options: tuple[Any, ...]) -> FunctionDraft:
    for option in options:
        if option.defname == "security":
            function = replace(function, security_definer=bool(option.arg.boolval))
        elif option.defname == "set" and isinstance(option.arg, ast.VariableSetStmt):
            function = replace(function, settings=_change_settings(store, function.settings, option.arg))
    return function


def _change_settings(store: Store, there: tuple[str, ...], node: ast.VariableSetStmt) -> tuple[str, ...]:
    name = node.name or ""
    kept = tuple(setting for setting in there if name and not setting.startswith(f"{name}="))
    if node.kind is VariableSetKind.VAR_SET_CURRENT and name == "search_path":
        return (*kept, f"{name}={', '.join(map(quoted, store.path))}")
    if node.kind is VariableSetKind.VAR_SET_VALUE:
        shown = map(quoted, list_texts(node)) if name == "search_path" else list_texts(node)
        return (*kept, f"{name}={', '.join(shown)}")
    return kept


def _body_of(options: tuple[Any, ...]) -> str:
    parts = (option.arg for option in options if option.defname == "as")
    return " ".join(str(text.sval) for part in parts if isinstance(part, tuple) for text in part)
