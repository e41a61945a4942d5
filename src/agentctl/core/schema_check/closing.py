"""Says who of the customers may do what, and writes the statements that take it from them.

It names people and composes SQL; whether an opening is harmful is for a check to say.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.customer_access import Openings, list_openings
from agentctl.core.catalog.introspection import Function, Grant, Table
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.findings.finding import Check, Finding
from agentctl.core.mapping import TableRole

# Behind a statement that is pasted: a privilege of PUBLIC may be the only one that somebody else has.
_OTHERS = (
    " -- then GRANT it to the roles that need it and had it only through PUBLIC: the web "
    "application, agentctl"
)


def find_writable(
    check: Check, role: TableRole, parts: Sequence[str], *, privileges: Sequence[LiteralString], why: str
) -> Iterator[Finding]:
    """Look for customers who may write the columns that play these parts, and should not: `why`."""
    columns = [role.columns[part] for part in parts if part in role]
    for privilege in privileges:
        if open_to := list_openings(role.table, privilege, columns):
            reached = {grant.column for grant in open_to}
            names = [name for name in columns if reached & {None, name}]
            msg = f"{name_people(open_to)} may {privilege} {', '.join(names)} of {role.name}: {why}."
            hint = _revoke_columns(privilege, role.table, columns, open_to)
            yield check.finding(f"{role.name} ({privilege})", msg, hint)


def revoke(privilege: LiteralString, thing: sql.Composable, grants: Iterable[Grant]) -> str:
    """Return the statement that takes a privilege away from all who were given it."""
    grantees = _list_grantees(grants)
    roles = sql.SQL(", ").join(map(_role_identifier, grantees))
    statement = compose("REVOKE {} ON {} FROM {};", sql.SQL(privilege), thing, roles)
    return statement.as_string() + _remind_of_others(grantees)


def _revoke_columns(
    privilege: LiteralString, table: Table, columns: Sequence[str], grants: Iterable[Grant]
) -> str:
    """Take a privilege on some columns away: on all, that is, and give the others back."""
    what, grantees = sql.SQL(privilege), _list_grantees(grants)
    statements = []
    for grantee in grantees:
        to = table.identifier, _role_identifier(grantee)
        statements.append(compose("REVOKE {} ON {} FROM {};", what, *to))
        held = {
            grant.column
            for grant in table.grants
            if grant.grantee == grantee and privilege in grant.privileges
        }
        others = (column.name for column in table.columns if column.name not in columns)
        if kept := [sql.Identifier(name) for name in others if held & {None, name}]:
            statements.append(compose("GRANT {} ({}) ON {} TO {};", what, sql.SQL(", ").join(kept), *to))
    return " ".join(statement.as_string() for statement in statements) + _remind_of_others(grantees)


def _list_grantees(grants: Iterable[Grant]) -> list[str]:
    return sorted({grant.grantee for grant in grants})


def _remind_of_others(grantees: Sequence[str]) -> str:
    return _OTHERS if "public" in grantees else ""


def name_people(open_to: Openings) -> str:
    """Name the customers, and through whom each has the privilege where it is not its own."""
    named = dict.fromkeys(
        _name_person(customer, grant.grantee)
        for grant, customers in open_to.items()
        for customer in (customers if "public" not in customers else ["public"])
    )
    return " and ".join(named)


def _name_person(customer: str, grantee: str) -> str:
    name = "PUBLIC" if customer == "public" else customer
    through = "PUBLIC" if grantee == "public" else grantee
    return name if customer == grantee else f"{name} (through {through})"


def _role_identifier(name: str) -> sql.Composable:
    return sql.SQL("PUBLIC") if name == "public" else sql.Identifier(name)


def signature_of(function: Function) -> sql.Composed:
    """Return a function's name with its arguments, as SQL."""
    return compose("{}({})", function.identifier, Printed(function.signature))
