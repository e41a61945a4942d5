"""Reads `[profiles.NAME.code]`: which source files are not read, and which findings are not reported.

It checks keys and kinds of values, not whether files and objects of these names exist.
"""

from msgspec import Struct

from agentctl.core.config.toml_sections import Section

_CONDITIONS = ("id", "object", "file")


class Ignored(Struct, frozen=True):
    """Findings that are not reported: those that meet every given condition.

    Attributes:
        id: of the finding's kind.
        object: its table, column or function; `*` stands for anything.
        file: a pattern as .gitignore has them.

    """

    id: str | None = None
    object: str | None = None
    file: str | None = None


class CodeSettings(Struct, frozen=True):
    """What `schema-check --code` leaves out.

    Attributes:
        exclude: files that are not read, as patterns of .gitignore.
        ignore: findings that are not reported.

    """

    exclude: tuple[str, ...] = ()
    ignore: tuple[Ignored, ...] = ()


def read_code(section: Section) -> CodeSettings:
    """Read the section.

    Raises:
        ConfigError: an unknown key or finding, or a value of the wrong kind; file, line and key are named.

    """
    section.allow_only("exclude", "ignore")
    return CodeSettings(
        exclude=section.texts("exclude"),
        ignore=tuple(_read_ignored(table) for table in section.tables("ignore")),
    )


def _read_ignored(section: Section) -> Ignored:
    from agentctl.core.schema_check.checks import CHECKS  # noqa: PLC0415  # fifty modules, mostly for nothing

    section.allow_only(*_CONDITIONS)
    section.require_any(*_CONDITIONS)
    return Ignored(
        id=section.word("id", [check.id for check in CHECKS]),
        object=section.text("object"),
        file=section.text("file"),
    )
