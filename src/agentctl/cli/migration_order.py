"""What an operator has ordered of a migration, and how a plan is shown, written down and confirmed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session, screen_for
from agentctl.core.errors import Refused

if TYPE_CHECKING:
    from agentctl.core.database.connection import Connection
    from agentctl.core.mapping import SchemaSettings
    from agentctl.core.migration.plan import LockWait, Plan


class Order(Struct, frozen=True):
    """The options of one invocation, with its connection."""

    session: Session
    connection: "Connection"
    settings: "SchemaSettings"
    wait: "LockWait"
    dry_run: bool
    yes: bool
    output: Path | None


def write_script(output: Path | None, *scripts: str) -> None:
    """Write plans, as SQL, to a file where one is named."""
    from agentctl.core.files.writing import write_atomically

    if output is not None:
        write_atomically(output, "\n".join(scripts))


def confirm_plans(order: Order, plans: Sequence["Plan"], planned: Reply) -> None:
    """Show plans, and ask whether to apply them.

    Raises:
        Refused: the operator declines.
        UsageError: nobody can be asked.

    """
    session = order.session
    if not session.json and not session.quiet:
        screen_for(sys.stdout).show(planned.view())
    names = " and ".join(plan.full_name for plan in plans)
    if not order.yes and not session.confirm(f"Change {names}?", flag="--yes"):
        raise Refused("Nothing was changed.", code="not_confirmed")
