"""Reads `[profiles.NAME.schema]`: facts about a database that introspection cannot find out.

It checks keys and kinds of values; whether tables and columns of these names exist is checked later.
"""

from agentctl.core.config.toml_sections import Section
from agentctl.core.mapping.directions import DIRECTIONS, Constants
from agentctl.core.mapping.settings import DeductSettings, RoleSettings, SchemaSettings
from agentctl.core.mapping.vocabulary import KIND_WORDS, OWN_BALANCE_PARTS, ROLES, STATUS_WORDS
from agentctl.core.mapping.words import Sign

_DATES = ("active_from", "inactive_from")
_OWN_KEYS = {
    "executions": ("statuses", "constant"),
    "ledger": ("kinds", "sign", "constant", "constants"),
    "users": OWN_BALANCE_PARTS,
    "agents": ("states", *_DATES),
}

_WORDS = {
    "agents": ("states", "active"),
    "executions": ("statuses", *STATUS_WORDS),
    "ledger": ("kinds", *KIND_WORDS),
}
"""Role -> the section of its words, and agentctl's words in it."""


def read_schema(section: Section) -> SchemaSettings:
    """Read the section.

    Raises:
        ConfigError: an unknown key, or a value of the wrong kind; file, line and key are named.

    """
    section.allow_only("schemas", "timezone", "deduct", *ROLES)
    return SchemaSettings(
        schemas=section.texts("schemas"),
        zone=section.zone("timezone"),
        roles={role: _read_role(role, section.section(role)) for role in ROLES if role in section.table},
        deduct=_read_deduct(section.section("deduct")),
    )


def _read_role(role: str, section: Section) -> RoleSettings:
    parts, own = tuple(ROLES[role].parts), _OWN_KEYS.get(role, ())
    section.allow_only("table", *parts, *own)
    columns = {
        part: text
        for part in (*parts, *(OWN_BALANCE_PARTS if role == "users" else ()))
        if (text := section.text(part)) is not None
    }
    words = section.words(*_WORDS[role]) if role in _WORDS else {}
    return RoleSettings(
        table=section.text("table"),
        columns=columns,
        words=words,
        constant=section.constants("constant") if "constant" in own else {},
        constants=_read_constants(section.section("constants")) if "constants" in own else {},
        sign=section.choice("sign", tuple(Sign)) if role == "ledger" else None,
        **{key: section.texts(key) for key in _DATES if key in own and key in section.table},
    )


def _read_constants(section: Section) -> Constants:
    section.allow_only(*DIRECTIONS)
    return {kind: section.constants(kind) for kind in DIRECTIONS}


def _read_deduct(section: Section) -> DeductSettings:
    section.allow_only("function", "arguments")
    return DeductSettings(function=section.text("function"), arguments=section.words("arguments"))
