"""The names in a statement, by PostgreSQL's own parser: those left to the search path, and those called.

It does not know how agentctl qualifies names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pglast import ast, parse_sql
from pglast.visitors import Visitor

_NAMED = {"AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_OP_ALL"}
_PLACES = re.compile(r"\w*location|stmt_len|\w*list_(start|end)")


@dataclass
class Names(Visitor):
    """The names in statements; `loose` are those that the search path decides on."""

    functions: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def visit_FuncCall(self, _: Any, node: Any) -> None:  # noqa: N802 - pglast's names
        self._take_name("function", self.functions, node.funcname)

    def visit_A_Expr(self, _: Any, node: Any) -> None:  # noqa: N802
        if node.kind.name in _NAMED:
            self._take_name("operator", self.operators, node.name)
        else:
            self.loose.add(f"operators behind {node.kind.name}")

    def visit_TypeName(self, _: Any, node: Any) -> None:  # noqa: N802
        self._take_name("type", self.types, node.names)

    def visit_SubLink(self, _: Any, node: Any) -> None:  # noqa: N802
        if node.operName:
            self._take_name("operator", self.operators, node.operName)
        elif node.testexpr is not None:
            self.loose.add("the operator behind IN (SELECT ...)")

    def visit_RangeVar(self, _: Any, node: Any) -> None:  # noqa: N802
        if node.schemaname is None and node.relname.startswith("pg_"):
            self.loose.add(f"relation {node.relname}")

    def visit_CollateClause(self, _: Any, node: Any) -> None:  # noqa: N802
        self._take_name("collation", set(), node.collname)

    def visit_JoinExpr(self, _: Any, node: Any) -> None:  # noqa: N802
        if node.usingClause or node.isNatural:
            self.loose.add("operators behind JOIN USING")

    def visit_CaseExpr(self, _: Any, node: Any) -> None:  # noqa: N802
        if node.arg is not None:
            self.loose.add("operators behind CASE x WHEN")

    def _take_name(self, kind: str, known: set[str], parts: Iterable[ast.String] | None) -> None:
        name = [str(part.sval) for part in parts or ()]
        if name[:1] == ["pg_catalog"]:
            known.add(name[-1])
        elif len(name) == 1:
            self.loose.add(f"{kind} {name[0]}")


def names_of(statements: Iterable[str]) -> Names:
    """Return the names in statements."""
    names = Names()
    for statement in statements:
        names(parse_sql(statement))
    return names


def means_the_same_unqualified(statement: str) -> bool:
    """Whether operators with a schema bind as they do without it."""
    return _parse_trees(statement) == _parse_trees(_drop_schemas(statement))


def _drop_schemas(text: str) -> str:
    text = re.sub(r"OPERATOR\(pg_catalog\.(\S+?)\)", r" \1 ", text)
    return re.sub(r"\bpg_catalog\.(?=\w)", "", text)


def _parse_trees(statement: str) -> list[Any]:
    return [_strip_node(tree(skip_none=True)) for tree in parse_sql(statement)]


def _strip_node(node: Any) -> Any:
    """Drop the locations, the schema pg_catalog, and everything that only records spelling."""
    if isinstance(node, dict):
        bare = {key: _strip_node(value) for key, value in node.items() if not _PLACES.fullmatch(key)}
        if bare.get("schemaname") == "pg_catalog":
            del bare["schemaname"]
        return _as_constant(bare)
    if isinstance(node, list | tuple):
        items = [_strip_node(item) for item in node]
        return [item for item in items if item != {"@": "String", "sval": "pg_catalog"}]
    return _drop_schemas(node) if isinstance(node, str) else node


def _as_constant(node: dict[str, Any]) -> dict[str, Any]:
    """Return a number for a minus before a number, as the parser does if the minus has no schema."""
    minus = node.get("name") == [{"@": "String", "sval": "-"}] and "lexpr" not in node
    value = node.get("rexpr", {}).get("val", {}) if minus else {}
    negative = {key: -number for key, number in value.items() if key == "ival"}
    negative |= {key: f"-{number}" for key, number in value.items() if key == "fval"}
    return {**node["rexpr"], "val": {**value, **negative}} if negative else node
