"""Reads names off the lists and nodes in which PostgreSQL's grammar keeps them."""

from typing import NamedTuple

from pglast import ast


class Name(NamedTuple):
    """A name as it is written: without a schema it is looked up."""

    schema: str | None
    name: str


def list_names(nodes: object) -> tuple[str, ...]:
    """Return the names in one of the grammar's lists, such as those of `a.b`."""
    every = nodes if isinstance(nodes, tuple) else ()
    return tuple(node.sval or "" for node in every if isinstance(node, ast.String))


def name_of(nodes: object) -> Name:
    """Return the name that a list spells, part by part."""
    names = list_names(nodes)
    return Name(names[-2] if len(names) > 1 else None, names[-1] if names else "")


def name_in(relation: ast.RangeVar | None) -> Name:
    """Return the name of a table in a statement."""
    return Name(relation.schemaname, relation.relname or "") if relation else Name(None, "")
