"""CREATE and ALTER FUNCTION; procedures are none, for nobody calls them as part of a query.

What a function does is not looked at, except whether it asks who is signed in.
"""

import re
from dataclasses import replace
from typing import Any

from pglast import ast
from pglast.enums import FunctionParameterMode, VariableSetKind

from agentctl.core.database.quoting import quoted
from agentctl.core.schema_files.drafts import ArgumentDraft, FunctionDraft, TypeUse
from agentctl.core.schema_files.dropping import matches
from agentctl.core.schema_files.search_path import texts_of
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
    place = store.place(name_of(node.funcname or ()))
    arguments = tuple(_argument(store, one) for one in node.parameters or ())
    tabular = any(one.mode == "t" for one in arguments)
    returns = None if tabular or node.returnType is None else type_use(store, node.returnType) or _UNKNOWN
    made = FunctionDraft(
        place.schema,
        place.name,
        arguments,
        returns,
        set_of=bool(node.returnType and node.returnType.setof) and not tabular,
        security_definer=False,
        settings=(),
        asks_who=bool(_ASKS_WHO.search(_body(node.options or ()))),
        location=site.location,
    )
    overloads = store.functions.setdefault(place, [])
    there = next((one for one in overloads if one.inputs == made.inputs), None)
    if there is None or node.replace:
        overloads[:] = [
            *(one for one in overloads if one is not there),
            _with(store, made, node.options or ()),
        ]


def alter_function(store: Store, node: ast.AlterFunctionStmt) -> None:
    """Execute ALTER FUNCTION ... SET and SECURITY DEFINER."""
    wanted = node.func
    if wanted is None:
        return
    overloads = store.functions_named(name_of(wanted.objname or ()))
    overloads[:] = [
        _with(store, one, node.actions or ()) if matches(store, wanted, one) else one for one in overloads
    ]


def _argument(store: Store, node: ast.FunctionParameter) -> ArgumentDraft:
    mode = _MODES.get(node.mode or FunctionParameterMode.FUNC_PARAM_IN, "i")
    use = type_use(store, node.argType) or _UNKNOWN
    return ArgumentDraft(node.name or "", use, mode, optional=node.defexpr is not None)


def _with(store: Store, function: FunctionDraft, options: tuple[Any, ...]) -> FunctionDraft:
    for option in options:
        if option.defname == "security":
            function = replace(function, security_definer=bool(option.arg.boolval))
        elif option.defname == "set" and isinstance(option.arg, ast.VariableSetStmt):
            function = replace(function, settings=_settings(store, function.settings, option.arg))
    return function


def _settings(store: Store, there: tuple[str, ...], node: ast.VariableSetStmt) -> tuple[str, ...]:
    name = node.name or ""
    kept = tuple(one for one in there if name and not one.startswith(f"{name}="))
    if node.kind is VariableSetKind.VAR_SET_CURRENT and name == "search_path":
        return (*kept, f"{name}={', '.join(map(quoted, store.path))}")
    if node.kind is VariableSetKind.VAR_SET_VALUE:
        shown = (quoted(one) for one in texts_of(node)) if name == "search_path" else texts_of(node)
        return (*kept, f"{name}={', '.join(shown)}")
    return kept


def _body(options: tuple[Any, ...]) -> str:
    parts = (option.arg for option in options if option.defname == "as")
    return " ".join(str(one.sval) for part in parts if isinstance(part, tuple) for one in part)
