"""Times have no zone, and nobody has said which one they are of."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Check, Finding, Severity
from agentctl.core.mapping.instants import is_certain
from agentctl.core.mapping.optional_columns import NAIVE
from agentctl.core.mapping.table_role import TableRole
from agentctl.core.mapping.zones import find_zone

CHECK = Check(
    id="time-without-zone",
    severity=Severity.WARNING,
    title="Times have no zone, and the configuration does not say which one they are of",
    meaning=(
        "The column says what a clock showed, not where. Such times are shown without a zone. Filters "
        "compare them as they are shown, and decisions take the latest instant that one can mean. No time is "
        "written into `started_at` and `completed_at` that nobody could read."
    ),
    remedy='Name the zone: `[profiles.NAME.schema] timezone = "America/Los_Angeles"`.',
    details=(
        "A default of `now()` writes the time of the session's `TimeZone`, unless it says `AT TIME ZONE`. "
        "The hint proposes what the column or this session has. Prisma and many other ORMs write UTC, "
        "whatever the database's `TimeZone` is: compare a row that you have just made with a clock. agentctl "
        "then reads these times in that zone, and writes them in it. Of an hour that its clocks show twice, "
        "the later one counts, as in PostgreSQL."
    ),
)


def find_times_without_zone(roles: tuple[TableRole | None, ...], session_zone: str) -> Iterator[Finding]:
    """Yield one finding for all columns of times that could be of any zone, with the line that names it.

    Args:
        roles: tables with a created_at, and other times.
        session_zone: in which this session's `now()` becomes a time without a zone.

    """
    unclear = [(role, part) for role in roles if role is not None for part in _list_unclear(role)]
    if unclear:
        names = [f"{role.name}.{role.columns[part]}" for role, part in unclear]
        are = "are times" if len(names) > 1 else "is a time"
        msg = f"{' and '.join(names)} {are} without a zone: agentctl does not know which instants they mean."
        yield CHECK.finding(names[0], msg, _propose_zone(*unclear[0], session_zone))


def _list_unclear(role: TableRole) -> Iterator[str]:
    """Yield the parts of a table that are times whose zone nobody has named."""
    if not is_certain(role):
        yield "created_at"
    for part in ("started_at", "completed_at"):
        if role.zone is None and role.base_type(part) == NAIVE:
            yield part


def _propose_zone(role: TableRole, part: str, session_zone: str) -> str:
    """Return the lines that may be right, each with what speaks for it."""
    column = role.column(part)
    default = (column.default or "").lower() if column else ""
    lines = {"UTC": "if the application writes UTC, as Prisma does"}
    if "'utc'" in default:
        lines = {"UTC": "its default is in UTC"}
    elif (zone := find_zone(session_zone)) is not None and str(zone) != "UTC":
        why = "its default is the time of the session, whose" if default else "if it is the session's, whose"
        lines = {session_zone: f"{why} TimeZone this is", **lines}
    unnamed = (
        f"\nThe session's TimeZone is {session_zone}, which this machine does not know: if the times are of "
        "it, name a zone whose clocks show the same, such as Etc/GMT-3 for three hours ahead of UTC."
        if find_zone(session_zone) is None and "'utc'" not in default
        else ""
    )
    proposals = "\n".join(f'  timezone = "{zone}"  # {why}' for zone, why in lines.items())
    return f"Put the line that is true into [profiles.NAME.schema]:\n{proposals}{unnamed}"
