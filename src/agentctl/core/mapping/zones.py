"""Time zones by their names, such as `America/Los_Angeles`, from the data that this machine has."""

from datetime import UTC, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

# Names that Linux has for its own use, of zones that count leap seconds or change with the machine.
_NOT_NAMES = ("posix/", "right/", "localtime", "posixrules", "Factory")


def find_zone(name: str) -> tzinfo | None:
    """Return the zone of a name, which `str` gives back; None where this machine knows none."""
    if name in {"UTC", "Etc/UTC"}:
        return UTC  # needs no data
    if name.startswith(_NOT_NAMES):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of names
        return None


def suggest_zone(name: str) -> str:
    """Return a hint for whoever wrote a name that is none."""
    known = {zone.lower(): zone for zone in available_timezones() if not zone.startswith(_NOT_NAMES)}
    if not known:
        return "This machine has no time zones: install the package tzdata, or write UTC if that is meant."
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"Did you mean {known[near[0]]!r}?"
    return (
        "Write a name such as America/Los_Angeles, Europe/Berlin or UTC. If it is one that the database "
        "knows, this machine's time zones are older: upgrade the package tzdata."
    )
