"""Looks for ways in which a customer could move credits: functions, balances and ledger rows left open.

A customer's browser is `anon` or `authenticated` to Supabase, and everybody is PUBLIC. It judges privileges
and policies of the catalog, and yields findings with the statement that closes each; it changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.customer_access import Openings, list_openings
from agentctl.core.catalog.introspection import Function, Grant, Table
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.mapping.functions import find_deduct, gives_credits
from agentctl.core.mapping.table_role import identifier

_LEDGER_WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
# What decides whether an execution is refunded, how much, and to whom.
_REFUND_PARTS = ("status", "credits_used", "user")
_TABLES = frozenset({"table", "partitioned table"})
# Behind a statement that is pasted: a privilege of PUBLIC may be the only one that somebody else has.
_OTHERS = (
    " -- then GRANT it to the roles that need it and had it only through PUBLIC: the web "
    "application, agentctl"
)


def security_findings(market: Marketplace) -> Iterator[Finding]:
    """Look at everything that moves or holds credits."""
    for function in _credit_functions(market):
        yield from _exposed(function)
        yield from _unpinned(function, market.catalog.server.search_path)
    yield from _writable(
        "balance-writable",
        market.balances,
        ("balance",),
        privileges=("UPDATE", "INSERT"),
        why="only functions and the server should move a balance",
    )
    yield from _writable(
        "executions-writable",
        market.executions,
        _REFUND_PARTS,
        privileges=("UPDATE",),
        why="refunds depend on what is written there",
    )
    if market.ledger is not None:
        yield from _ledger(market.ledger.table)
    roles = (market.users, market.balances, market.executions, market.ledger)
    for table in dict.fromkeys(role.table for role in roles if role is not None):
        yield from _unprotected(table)


def _credit_functions(market: Marketplace) -> Iterable[Function]:
    """Return all that take or give credits by their names, and the one that is configured."""
    by_name = find_deduct(market.catalog).overloads
    gives = filter(gives_credits, market.catalog.functions)
    return dict.fromkeys((*by_name, *market.deducting.overloads, *gives))


def _exposed(function: Function) -> Iterator[Finding]:
    open_to: Openings = {grant: grant.customers for grant in function.grants}
    if not open_to:
        return
    # Who is signed in says whose credits may be taken. It is no reason to be given any.
    checks = function.asks_who and not gives_credits(function)
    why = "its text seems to check who is signed in" if checks else "it moves credits"
    msg = f"{function.name} may be executed by {_people(open_to)}: {why}."
    hint = _revoke("EXECUTE", compose("FUNCTION {}", _signature(function)), open_to)
    severity = Severity.INFO if checks else Severity.WARNING
    yield Finding("function-exposed", severity, function.name, msg, hint)


def _unpinned(function: Function, search_path: Sequence[str]) -> Iterator[Finding]:
    pinned = any(setting.startswith("search_path=") for setting in function.settings)
    if function.security_definer and not pinned:
        msg = (
            f"{function.name} runs with its owner's rights and takes its caller's search_path: a "
            "caller could put a table of their own in place of one of yours."
        )
        # The path as it is now, so that the function finds what it has found so far.
        path = map(sql.Identifier, dict.fromkeys((*search_path, function.schema, "pg_temp")))
        statement = "ALTER FUNCTION {} SET search_path = {};"
        hint = compose(statement, _signature(function), sql.SQL(", ").join(path)).as_string()
        yield Finding("function-search-path", Severity.WARNING, function.name, msg, hint)


def _writable(
    kind: str, role: TableRole, parts: Sequence[str], *, privileges: Sequence[LiteralString], why: str
) -> Iterator[Finding]:
    """Look for customers who may write the columns that play these parts."""
    columns = [role.columns[part] for part in parts if part in role]
    for privilege in privileges:
        if open_to := list_openings(role.table, privilege, columns):
            reached = {grant.column for grant in open_to}
            names = [name for name in columns if reached & {None, name}]
            msg = f"{_people(open_to)} may {privilege} {', '.join(names)} of {role.name}: {why}."
            hint = _revoke_columns(privilege, role.table, columns, open_to)
            yield Finding(kind, Severity.WARNING, f"{role.name} ({privilege})", msg, hint)


def _ledger(ledger: Table) -> Iterator[Finding]:
    for privilege in _LEDGER_WRITES:
        if open_to := list_openings(ledger, privilege):
            people = _people(open_to)
            msg = f"{people} may {privilege} rows of {ledger.name}: only the server should write a ledger."
            hint = _revoke(privilege, identifier(ledger), open_to)
            yield Finding("ledger-writable", Severity.WARNING, f"{ledger.name} ({privilege})", msg, hint)


def _unprotected(table: Table) -> Iterator[Finding]:
    if table.row_security.enabled or table.kind not in _TABLES:
        return
    if open_to := list_openings(table, "SELECT"):
        msg = f"{_people(open_to)} may read every row of {table.name}: row level security is off."
        statement = compose("ALTER TABLE {} ENABLE ROW LEVEL SECURITY;", identifier(table)).as_string()
        hint = (
            f"{statement} -- and add a policy for each role that should see rows: otherwise only "
            "the owner sees any"
        )
        yield Finding("row-security-off", Severity.WARNING, table.name, msg, hint)


def _revoke(privilege: LiteralString, thing: sql.Composable, grants: Iterable[Grant]) -> str:
    grantees = _grantees(grants)
    roles = sql.SQL(", ").join(map(_role, grantees))
    statement = compose("REVOKE {} ON {} FROM {};", sql.SQL(privilege), thing, roles)
    return statement.as_string() + _others(grantees)


def _revoke_columns(
    privilege: LiteralString, table: Table, columns: Sequence[str], grants: Iterable[Grant]
) -> str:
    """Take a privilege on some columns away: on all, that is, and give the others back."""
    what, grantees = sql.SQL(privilege), _grantees(grants)
    statements = []
    for grantee in grantees:
        to = identifier(table), _role(grantee)
        statements.append(compose("REVOKE {} ON {} FROM {};", what, *to))
        held = {
            grant.column
            for grant in table.grants
            if grant.grantee == grantee and privilege in grant.privileges
        }
        others = (column.name for column in table.columns if column.name not in columns)
        if kept := [sql.Identifier(name) for name in others if held & {None, name}]:
            statements.append(compose("GRANT {} ({}) ON {} TO {};", what, sql.SQL(", ").join(kept), *to))
    return " ".join(statement.as_string() for statement in statements) + _others(grantees)


def _grantees(grants: Iterable[Grant]) -> list[str]:
    return sorted({grant.grantee for grant in grants})


def _others(grantees: Sequence[str]) -> str:
    return _OTHERS if "public" in grantees else ""


def _people(open_to: Openings) -> str:
    """Name the customers, and through whom each has the privilege where it is not its own."""
    named = dict.fromkeys(
        _person(customer, grant.grantee)
        for grant, customers in open_to.items()
        for customer in (customers if "public" not in customers else ["public"])
    )
    return " and ".join(named)


def _person(customer: str, grantee: str) -> str:
    name = "PUBLIC" if customer == "public" else customer
    through = "PUBLIC" if grantee == "public" else grantee
    return name if customer == grantee else f"{name} (through {through})"


def _role(name: str) -> sql.Composable:
    return sql.SQL("PUBLIC") if name == "public" else sql.Identifier(name)


def _signature(function: Function) -> sql.Composed:
    return compose("{}({})", sql.Identifier(function.schema, function.name), Printed(function.signature))
