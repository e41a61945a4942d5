"""Row level security as introspection finds it: the policies of a table, and whether they bind this role.

It judges a policy by its text alone; what a policy's expression does is left to the database.
"""

import re

from msgspec import Struct

_OWN_ROWS = re.compile(r"\(*(?:\w+ = )?(?:\( SELECT )?auth\.uid\(\)(?: AS uid\))?(?: = \w+)?\)*")


class Policy(Struct, frozen=True, array_like=True):
    """A row level security policy; `applies`: whether it is for this role, `customers`: for which of them."""

    name: str
    command: str
    permissive: bool
    applies: bool
    using: str | None
    with_check: str | None
    roles: tuple[str, ...] = ("public",)
    customers: tuple[str, ...] = ()

    @property
    def is_for_a_signed_in_user(self) -> bool:
        """Whether it admits only rows of the signed-in Supabase user, which agentctl never is."""
        return bool(_OWN_ROWS.fullmatch(self.using or ""))


class RowSecurity(Struct, frozen=True, array_like=True):
    """Row level security of a table; `active` is PostgreSQL's own answer whether it filters this role."""

    enabled: bool
    active: bool
    policies: tuple[Policy, ...]

    def may_hide_rows(self) -> bool:
        """Whether rows may be hidden from this role: no policy admits all of them, or one restricts it."""
        applying = [
            policy for policy in self.policies if policy.applies and policy.command in {"select", "all"}
        ]
        admits_all = any(policy.permissive and policy.using == "true" for policy in applying)
        return self.active and not (admits_all and all(policy.permissive for policy in applying))

    def hides_everything(self) -> bool:
        """Whether no policy lets this role see a single row, or only those of a user who is signed in."""
        return self.active and not any(
            policy.permissive
            and policy.applies
            and policy.command in {"select", "all"}
            and not policy.is_for_a_signed_in_user
            for policy in self.policies
        )
