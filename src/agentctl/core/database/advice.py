"""Advice about a connection that failed, found by the words of libpq and the server.

It connects to nothing. It knows PostgreSQL's messages in English only; other messages get the general advice.
"""

import re

from msgspec import Struct


class Advice(Struct, frozen=True):
    """What to do next, and whether trying again may help even if nobody changes anything."""

    hint: str
    retryable: bool = False


_GENERAL = Advice("Check the database URL, and that the server can be reached.", retryable=True)
_BY_WORDS = (
    # PostgreSQL's words, and a pooler's.
    (
        "(password|SASL|SCRAM) authentication failed|Wrong password",
        Advice("Check the user and password in the database URL."),
    ),
    ("no password supplied", Advice("Put the password into the database URL, or set PGPASSWORD.")),
    (r'database ".*" does not exist', Advice("Check the database name at the end of the URL.")),
    (r'role ".*" does not exist', Advice("Check the user name in the URL.")),
    ("not permitted to log in", Advice("Connect as another role, or allow it: ALTER ROLE ... LOGIN.")),
    ("permission denied for database", Advice("Grant it: GRANT CONNECT ON DATABASE ... TO ...")),
    (
        "pg_hba.conf",
        Advice("The server does not accept this user from this address; perhaps sslmode=require is missing."),
    ),
    (
        "server does not support SSL",
        Advice("Check sslmode in the URL, and that the URL points to the right server."),
    ),
    (
        "certificate",
        Advice("Set sslrootcert to the server's CA file (Supabase: Database settings, SSL)."),
    ),
    (r"invalid .*value|unrecognized .*parameter", Advice("Correct the parameter in the database URL.")),
    ("invalid port number|could not parse network address", Advice("Correct the host and port in the URL.")),
    (
        "MaxClientsInSessionMode|max clients reached",
        Advice(
            "The session pooler has no connection left: use the transaction pooler (on Supabase, port "
            "6543), or raise the pool's size.",
            retryable=True,
        ),
    ),
    (
        "max client connections reached|no more connections allowed",
        Advice(
            "The pooler has no room for another client: wait, or raise its limit of clients.", retryable=True
        ),
    ),
    (
        "Tenant or user not found|tenant/user .* not found",
        Advice(
            "The pooler knows no such project: on Supabase the user is postgres.PROJECT_REF, and the host "
            "that of the project's region; a paused project has to be restored in the dashboard."
        ),
    ),
    (
        r"(project|compute|endpoint|database).*(paused|suspended|disabled|inactive)",
        Advice("The project is paused: resume it in the dashboard of the host."),
    ),
    (
        "is starting up|in recovery mode|not yet accepting connections",
        Advice("The server is starting: try again in a moment.", retryable=True),
    ),
    ("is shutting down", Advice("The server is stopping: try again when it is back.", retryable=True)),
    (
        "too many (connections|clients)|connection slots",
        Advice("Wait until other clients have disconnected, or use a pooler.", retryable=True),
    ),
    (
        r"(?=.*supabase\.co)(?=.*(translate host|resolve|unreachable))",
        Advice("Supabase's direct host answers on IPv6 only: use the session pooler's host and port 5432."),
    ),
    (
        "translate host name|resolve host|Name or service",
        Advice("Check the host name in the URL.", retryable=True),
    ),
    (
        "Connection refused|No such file",
        Advice("Is the server running, and are host and port right?", retryable=True),
    ),
    (
        "timeout expired|timed out",
        Advice("The host does not answer: check the address, the firewall and the VPN.", retryable=True),
    ),
    (
        "unreachable",
        Advice("There is no route to the host; an IPv6-only host needs a pooler with IPv4.", retryable=True),
    ),
)


def advise(message: str) -> Advice:
    """Return what to do about a connection that failed with this message."""
    advices = (advice for words, advice in _BY_WORDS if re.search(words, message, re.IGNORECASE))
    return next(advices, _GENERAL)
