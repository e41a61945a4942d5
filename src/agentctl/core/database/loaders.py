"""Loads PostgreSQL's values as Python's: exactly, or else as the text that PostgreSQL prints. None raises.

psycopg raises for `infinity`, for years before 1 and after 9999, for `24:00` and for bytes that are not text,
and makes types of its own of ranges and addresses: a single row would stop a command for everybody.
"""

from decimal import Decimal
from typing import Any

import psycopg
from psycopg import postgres
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.json import set_json_loads

from agentctl.core.models import Verbatim
from agentctl.core.strict_json import read_stored_json

_TIMES = ("timestamptz", "timestamp", "date", "interval")
_NUMBERS = ("numeric", "float4", "float8")
_TEXTS = ("text", "varchar", "bpchar", "name", '"char"')
# Types that are only shown, never computed with.
_ONLY_SHOWN = (
    *("time", "timetz", "bytea", "inet", "cidr", "record"),
    *("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
    *("int4multirange", "int8multirange", "nummultirange"),
    *("datemultirange", "tsmultirange", "tstzmultirange"),
)


def register_loaders(connection: psycopg.Connection[Any]) -> None:
    """Let a connection load values in a way that never raises."""
    adapters = connection.adapters
    for name in _TIMES:
        adapters.register_loader(name, _make_tolerant_loader(_exact_loader(connection, name)))
    for name in _NUMBERS:
        adapters.register_loader(name, _NumberLoader)
    text = _exact_loader(connection, "text")
    # In every other encoding the server has checked each byte.
    if connection.info.parameter_status("client_encoding") == "SQL_ASCII":
        text = _BytesLoader
        for name in _TEXTS:
            adapters.register_loader(name, text)
        adapters.register_loader(0, text)  # types that psycopg does not know
    for name in _ONLY_SHOWN:
        adapters.register_loader(name, text)
    set_json_loads(read_stored_json, connection)


def _exact_loader(connection: psycopg.Connection[Any], name: str) -> type[Any]:
    loader = connection.adapters.get_loader(postgres.types[name].oid, Format.TEXT)
    assert loader is not None  # noqa: S101 - psycopg has one for each of its own types
    return loader


def _make_tolerant_loader(exact: type[Any]) -> type[Loader]:
    """Return a loader that falls back to PostgreSQL's text where the exact one raises."""

    class TolerantLoader(Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._exact = exact(oid, context)

        def load(self, data: Buffer) -> Any:
            try:
                return self._exact.load(data)
            except (psycopg.DataError, ValueError, OverflowError):
                return Verbatim(_decode_text(data))

    return TolerantLoader


class _NumberLoader(Loader):
    """Loads numerics, and floats from their shortest text; what is not finite stays text."""

    def load(self, data: Buffer) -> Any:
        text = _decode_text(data)
        return Verbatim(text) if text.endswith(("NaN", "Infinity")) else Decimal(text)


class _BytesLoader(Loader):
    """Loads the texts of a database that accepts any bytes as text."""

    def load(self, data: Buffer) -> Any:
        return _decode_text(data)


def _decode_text(data: Buffer) -> str:
    return bytes(data).decode("utf-8", "backslashreplace")
