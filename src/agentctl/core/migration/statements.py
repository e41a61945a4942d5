"""The frame of a step that needs a strong lock: one transaction, which gives up before others notice."""

from agentctl.core.migration.plan import LockWait
from agentctl.core.migration.survey import Survey

RELOAD = "NOTIFY pgrst, 'reload schema'"
"""Makes PostgREST, which knows columns by heart, read them again; heard by nobody where there is none.

Source: https://docs.postgrest.org/en/stable/references/schema_cache.html
"""


def brief(wait: LockWait, *statements: str, family: Survey | None = None) -> tuple[str, ...]:
    """Put statements into a transaction under a lock timeout.

    Args:
        wait: how long one attempt may make others wait.
        statements: what it does.
        family: the table to lock first, where others stand below it: `lock_timeout` counts anew for each of
            them, so that one time limit is set for all.

    """
    first: tuple[str, ...] = ()
    if family is not None and len(family.members) > 1:
        first = (
            f"SET LOCAL statement_timeout = '{wait.limit}'",
            f"LOCK TABLE {family.table.sql} IN ACCESS EXCLUSIVE MODE",
            "SET LOCAL statement_timeout = 0",
        )
    return ("BEGIN", f"SET LOCAL lock_timeout = '{wait.limit}'", *first, *statements, "COMMIT")
