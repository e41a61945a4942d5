"""What customers may do with a table, by its privileges and its policies.

A customer's browser is `anon` or `authenticated` to Supabase, and everybody is PUBLIC. It looks at a
catalog and does not know which role a table plays.
"""

from collections.abc import Iterable, Mapping, Sequence

from agentctl.core.catalog.introspection import Grant, Table
from agentctl.core.catalog.row_security import Policy

Openings = Mapping[Grant, Sequence[str]]
"""Grants that customers can use, and which customers those are."""


def may_write(table: Table, column: str) -> bool:
    """Whether some customer may put a value of their own into a column."""
    return any(list_openings(table, privilege, (column,)) for privilege in ("INSERT", "UPDATE"))


def list_openings(table: Table, privilege: str, columns: Iterable[str] = ()) -> Openings:
    """Return what lets customers use a privilege on a table, or on some of its columns."""
    wanted = {None, *columns}
    openings = {
        grant: [customer for customer in grant.customers if _admits_rows(table, customer, privilege.lower())]
        for grant in table.grants
        if privilege in grant.privileges and (not columns or grant.column in wanted)
    }
    return {grant: customers for grant, customers in openings.items() if customers}


def _admits_rows(table: Table, customer: str, command: str) -> bool:
    """Whether row level security may leave a customer a row for a command."""
    if not table.row_security.enabled or command == "truncate":
        return True
    policies = [
        policy
        for policy in table.row_security.policies
        if customer in policy.customers and policy.command in {command, "all"}
    ]
    restrictive = (policy for policy in policies if not policy.permissive)
    return any(policy.permissive and not _admits_nothing(policy, command) for policy in policies) and not any(
        _admits_nothing(policy, command) for policy in restrictive
    )


def _admits_nothing(policy: Policy, command: str) -> bool:
    """Whether a policy is literally false for a command."""
    check = policy.using if policy.with_check is None else policy.with_check
    looked_at = {"insert": (check,), "update": (policy.using, check)}.get(command, (policy.using,))
    return "false" in looked_at
