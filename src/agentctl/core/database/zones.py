"""Asks a server for a time zone: it has names of its own, from older or newer data than this machine."""

from datetime import datetime, tzinfo
from difflib import get_close_matches

from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import sqlstate_of
from agentctl.core.errors import ConfigError

_UNKNOWN = "22023"  # invalid_parameter_value


def require_zone(connection: Connection, zone: tzinfo) -> None:
    """Refuse a zone that the server does not know, before anything is read or written in it.

    Raises:
        ConfigError: it does not know it; the hint names one of the same clocks, if its name is alike.

    """
    try:
        connection.execute("SELECT (now() AT TIME ZONE %(zone)s) AS there", {"zone": str(zone)})
    except Exception as error:
        if sqlstate_of(error) != _UNKNOWN:
            raise
        raise _explain_unknown(zone, _list_names(connection, zone)) from error


def _list_names(connection: Connection, zone: tzinfo) -> list[str]:
    """Return the server's names of zones whose clocks show the same now."""
    offset = datetime.now(zone).utcoffset()
    query = "SELECT name FROM pg_timezone_names WHERE utc_offset = %(offset)s ORDER BY name"
    return [row["name"] for row in connection.execute(query, {"offset": offset}).fetchall()]


def _explain_unknown(zone: tzinfo, names: list[str]) -> ConfigError:
    near = get_close_matches(str(zone), names, n=1, cutoff=0.8)
    line = f' It may know the zone as: [profiles.NAME.schema] timezone = "{near[0]}".' if near else ""
    return ConfigError(
        f"The database does not know the time zone {zone}, which [schema] timezone names.",
        hint=f"Name a zone that both know.{line} The view pg_timezone_names has the database's own.",
        code="zone_unknown",
    )
