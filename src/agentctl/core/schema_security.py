"""Looks for ways in which a customer could move credits: functions, balances and ledger rows left open.

A customer's browser is `anon` or `authenticated` to Supabase, and everybody is PUBLIC. It judges privileges
and policies of the catalog, and yields findings with the statement that closes each; it changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence

from psycopg import sql

from agentctl.core.catalog import Function, Policy, Table
from agentctl.core.findings import Finding, Severity
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.functions import gives_credits

_WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def security_findings(market: Marketplace) -> Iterator[Finding]:
    """Look at everything that moves or holds credits."""
    gives = filter(gives_credits, market.catalog.functions)
    for function in dict.fromkeys((*market.deducting.overloads, *gives)):
        yield from _exposed(function)
        yield from _unpinned(function)
    yield from _balance(market)
    if market.ledger is not None:
        yield from _ledger(market.ledger.table)


def _exposed(function: Function) -> Iterator[Finding]:
    if not function.executable_by:
        return
    name, who = _name(function), _people(function.executable_by)
    msg = f"{function.name} may be executed by {who}: whoever signs in can move credits with it."
    if function.asks_who:
        msg = (
            f"{function.name} may be executed by {who}; it looks at who is signed in, as far as its text "
            "tells."
        )
    hint = f"REVOKE EXECUTE ON FUNCTION {name} FROM {_roles(function.executable_by)};"
    severity = Severity.INFO if function.asks_who else Severity.WARNING
    yield Finding("function-exposed", severity, function.name, msg, hint)


def _unpinned(function: Function) -> Iterator[Finding]:
    pinned = any(setting.startswith("search_path=") for setting in function.settings)
    if function.security_definer and not pinned:
        msg = (
            f"{function.name} runs with its owner's rights and takes its caller's search_path: a table "
            "of the "
            "caller's own may stand in for one of yours."
        )
        hint = f"ALTER FUNCTION {_name(function)} SET search_path = {function.schema}, pg_temp;"
        yield Finding("function-search-path", Severity.WARNING, function.name, msg, hint)


def _balance(market: Marketplace) -> Iterator[Finding]:
    balances = market.balances
    column = balances.column("balance")
    open_to = [
        role
        for role in (column.updatable_by if column else ())
        if _admits(balances.table, role, ("update", "all"))
    ]
    if column is not None and open_to:
        place = f"{balances.name}.{column.name}"
        msg = f"{_people(open_to)} may change {place}, of the rows that policies let them change."
        table = sql.Identifier(balances.table.schema, balances.name).as_string()
        hint = (
            f"REVOKE UPDATE ON {table} FROM {_roles(open_to)}; then GRANT UPDATE (...) on the columns "
            "that a user "
            "may change."
        )
        yield Finding("balance-writable", Severity.WARNING, place, msg, hint)


def _ledger(ledger: Table) -> Iterator[Finding]:
    for privilege in _WRITES:
        commands = (privilege.lower(), "all")
        open_to = [
            role
            for role, held in ledger.exposed
            if held == privilege and (privilege == "TRUNCATE" or _admits(ledger, role, commands))
        ]
        if open_to:
            msg = f"{_people(open_to)} may {privilege} rows of {ledger.name}: a ledger is only ever added to."
            table = sql.Identifier(ledger.schema, ledger.name).as_string()
            hint = f"REVOKE {privilege} ON {table} FROM {_roles(open_to)};"
            yield Finding("ledger-writable", Severity.WARNING, f"{ledger.name} ({privilege})", msg, hint)


def _admits(table: Table, role: str, commands: Iterable[str]) -> bool:
    """Whether row level security leaves a role some row to write: it is off, or a policy admits the role."""
    if not table.row_security.enabled:
        return True
    return any(
        _speaks_of(policy, role) and policy.command in commands for policy in table.row_security.policies
    )


def _speaks_of(policy: Policy, role: str) -> bool:
    return policy.permissive and bool({role, "public"} & set(policy.roles))


def _name(function: Function) -> str:
    return f"{sql.Identifier(function.schema, function.name).as_string()}({function.signature})"


def _people(roles: Sequence[str]) -> str:
    return " and ".join("PUBLIC" if role == "public" else role for role in roles)


def _roles(roles: Sequence[str]) -> str:
    return ", ".join("PUBLIC" if role == "public" else sql.Identifier(role).as_string() for role in roles)
