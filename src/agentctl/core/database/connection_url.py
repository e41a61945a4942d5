"""Reads connection strings: libpq's, and those that other programs write into the same variables.

Prisma, SQLAlchemy and hosts add drivers, parameters and quotes that libpq does not know. Those without a
meaning for a connection are left out; what else cannot be
understood is named, without anything that may be secret.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg import conninfo, pq

from agentctl.core.errors import ConfigError
from agentctl.core.hint_text import toml_text

_DRIVER = re.compile(r"^(postgres|postgresql)\+[a-z0-9_]+(?=://)")
# What others tell their own connection pools: https://www.prisma.io/docs/orm/overview/databases/postgresql
_MEANINGLESS = frozenset(
    {
        *(
            "pgbouncer",
            "connection_limit",
            "pool_timeout",
            "socket_timeout",
            "statement_cache_size",
            "sslaccept",
        ),
        *("pool_mode", "pool_size", "max_overflow", "prepared_statements", "prepared_statement_cache_size"),
        *("prepare_threshold", "workaround", "supa", "schema", "uselibpqcompat", "single_use_connections"),
    }
)
_NAME = re.compile("[A-Za-z_]{2,40}")


def read_parameters(url: str, *, source: str) -> Mapping[str, Any]:
    """Return libpq's parameters of a connection string.

    Args:
        url: a URI or a libpq keyword string.
        source: where it was found, for messages.

    Raises:
        ConfigError: it cannot be understood, or asks for a schema.

    """
    text = _DRIVER.sub(r"\1", _strip_quotes(url.strip()))
    text, foreign = _separate_parameters(text)
    if foreign.get("schema", "public") != "public":
        line = f"[profiles.NAME.schema] schemas = [{toml_text(foreign['schema'])}]"
        raise ConfigError(
            f"The database URL in {source} has Prisma's parameter schema, which libpq does not know.",
            hint=f"Leave it out, and name the schema: {line}",
        )
    if unknown := sorted(foreign.keys() - _MEANINGLESS):
        raise ConfigError(
            f"The database URL in {source} has parameters that libpq does not know: {', '.join(unknown)}.",
            hint="Leave them out.",
        )
    try:
        parameters = conninfo.conninfo_to_dict(text)
    except (psycopg.Error, ValueError):  # ValueError: it is no text that could be sent
        parameters = {}
    if not parameters or "\0" in text or _is_misread(parameters):
        raise ConfigError(
            f"The database URL in {source} cannot be understood (it is not shown: it may hold a password).",
            hint="Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ : / # % "
            "in the password must be percent-encoded.",
        ) from None
    return parameters


def _strip_quotes(text: str) -> str:
    """Take off the quotes that a line of a shell or a `.env` file has around a value."""
    is_quoted = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]
    return text[1:-1].strip() if is_quoted else text


def _separate_parameters(url: str) -> tuple[str, dict[str, str]]:
    """Return a URI without the parameters that libpq does not know, and those."""
    credentials, at_sign, address = url.rpartition("@")  # libpq takes a password with a `?`
    start, mark, query = address.partition("?")
    if not mark or "://" not in url:
        return url, {}
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} | {"ssl"}
    foreign, kept = dict[str, str](), []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in known or not _NAME.fullmatch(name):
            kept.append(pair)
        else:
            foreign[name] = unquote(value)
    parameters = f"?{'&'.join(kept)}" if kept else ""
    return f"{credentials}{at_sign}{start}{parameters}", foreign


def _is_misread(parameters: Mapping[str, Any]) -> bool:
    """Whether libpq took a part of the password for host, port or database: it was not percent-encoded."""
    host, port, name = (str(parameters.get(key) or "") for key in ("host", "port", "dbname"))
    return bool(re.search("[^,]@", host) or "@" in name or re.search("[^0-9,]", port))
