"""Reads one table of a TOML file key by key, and names file, line and key in every error.

It does not know what the keys mean, which profiles.py does, and puts no value into a message.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta, tzinfo
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.config.key_lines import Keys, find_line
from agentctl.core.errors import ConfigError, UsageError
from agentctl.core.mapping.settings import TEMPLATE_HOLE, TEMPLATE_NAMES
from agentctl.core.mapping.zones import find_zone, suggest_zone
from agentctl.core.times import parse_duration

_COMMAND_TIMEOUT = 30  # seconds that a password manager may take


class Value(Struct, frozen=True):
    """A text, or its source: `env:NAME`, `file:PATH`, `command:...`.

    Attributes:
        raw: the text as written; never shown, since it may be a secret.
        origin: where it stands, for messages.
        folder: the base of a relative `file:` path.

    """

    raw: str
    origin: str
    folder: Path = Path()

    def __repr__(self) -> str:
        return f"Value(origin={self.origin!r})"

    def resolve(self) -> str:
        """Return the text.

        Raises:
            ConfigError: the variable, file or command yields none.

        """
        kind, _, rest = self.raw.partition(":")
        if kind == "env":
            return self._from_environment(rest)
        if kind == "file":
            return self._from_file(rest)
        if kind == "command":
            return self._from_command(rest)
        return self.raw

    def _from_environment(self, name: str) -> str:
        if not (text := os.environ.get(name)):
            self._fail_for(f"the environment variable {name} is not set")
        return text

    def _from_file(self, name: str) -> str:
        path = self.folder / os.path.expanduser(name)  # noqa: PTH111 - Path's raises for an unknown ~user
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            self._fail_for(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})")

    def _from_command(self, line: str) -> str:
        try:
            words = shlex.split(line)
            done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                words, check=True, stdout=subprocess.PIPE, timeout=_COMMAND_TIMEOUT, text=True
            )
        except subprocess.CalledProcessError as error:
            self._fail_for(f"its command ended with exit code {error.returncode}")
        except subprocess.TimeoutExpired:
            self._fail_for(f"its command did not end within {_COMMAND_TIMEOUT} s")
        except (OSError, ValueError, IndexError):
            self._fail_for("its command cannot be run")
        return done.stdout.strip()

    def _fail_for(self, why: str) -> NoReturn:
        raise ConfigError(f"{self.origin}: {why}.") from None


class Section(Struct, frozen=True):
    """One table of the file, with methods that read its keys and report errors in them."""

    table: Mapping[str, object]
    path: Path
    source: str
    keys: Keys = ()

    def allow_only(self, *known: str) -> None:
        """Refuse the first unknown key, and suggest the nearest known one."""
        for key in self.table:
            if key not in known:
                self._refuse_key(key, "is not a known key", hint=_suggest_nearest(key, known))

    def require_any(self, *keys: str) -> None:
        """Refuse a table that has none of these keys."""
        if not any(key in self.table for key in keys):
            raise ConfigError(f"{self._locate_key()} must have one of {', '.join(keys)}.")

    def section(self, key: str) -> "Section":
        """Return the table below a key; an empty one if there is none."""
        return self._open_child(self.table.get(key, {}), key)

    def sections(self, key: str) -> dict[str, "Section"]:
        """Return the tables below a key, by name."""
        parent = self.section(key)
        return {name: parent._open_child(value, name) for name, value in parent.table.items()}  # noqa: SLF001 - itself

    def tables(self, key: str) -> tuple["Section", ...]:
        """Return the tables of an array of tables, `[[key]]`."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._refuse_key(key, "must be a list of tables")
        return tuple(
            replace(self, table=item, keys=(*self.keys, key, position)) for position, item in enumerate(value)
        )

    def value(self, key: str) -> Value | None:
        """Return a text that may stand elsewhere."""
        text = self.text(key)
        return None if text is None else Value(text, origin=self._locate_key(key), folder=self.path.parent)

    def values(self, key: str) -> dict[str, Value]:
        """Return a table of such texts."""
        parent = self.section(key)
        return {name: value for name in parent.table if (value := parent.value(name)) is not None}

    def text(self, key: str) -> str | None:
        """Return a text."""
        value = self.table.get(key)
        if value is not None and not isinstance(value, str):
            self._refuse_key(key, "must be text in quotes")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse_key(key, "must be a list of text values")
        return tuple(value)

    def flag(self, key: str) -> bool | None:
        """Return true or false."""
        value = self.table.get(key)
        if value is not None and not isinstance(value, bool):
            self._refuse_key(key, "must be true or false")
        return value

    def number(self, key: str) -> int | Decimal | None:
        """Return a positive amount exactly as written; a fraction stands in quotes."""
        value = self.table.get(key)
        if value is None:
            return None
        try:
            amount = Decimal(value) if isinstance(value, str | int) else Decimal("NaN")
        except ArithmeticError:
            amount = Decimal("NaN")
        if isinstance(value, bool) or not amount.is_finite() or amount <= 0:
            self._refuse_key(
                key, "must be a positive number", hint='Write a fraction in quotes: price = "0.5".'
            )
        return int(amount) if amount == amount.to_integral_value() else amount

    def constants(self, key: str) -> dict[str, str | int | float | bool]:
        """Return a table of plain values; a text may be a template with known names in braces."""
        parent = self.section(key)
        for name, value in parent.table.items():
            if not isinstance(value, str | int | float | bool):
                parent._refuse_key(name, "must be text, a number, true or false")  # noqa: SLF001 - itself
            unknown = set(TEMPLATE_HOLE.findall(value) if isinstance(value, str) else ()) - {*TEMPLATE_NAMES}
            if unknown:
                known = ", ".join(f"{{{word}}}" for word in TEMPLATE_NAMES)
                parent._refuse_key(  # noqa: SLF001 - itself
                    name, f"has {{{min(unknown)}}}, which nothing fills in", hint=f"Known are {known}."
                )
        return dict(parent.table)  # type: ignore[arg-type]  # each value was looked at

    def words(self, key: str, *known: str) -> dict[str, str]:
        """Return a table of texts, or of whole numbers as texts; with `known`, other keys are refused."""
        parent = self.section(key)
        if known:
            parent.allow_only(*known)
        numbers = {name: str(value) for name, value in parent.table.items() if type(value) is int}
        texts = {name: parent.text(name) for name in parent.table if name not in numbers}
        return {**{name: text for name, text in texts.items() if text is not None}, **numbers}

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        """Return one of a few words."""
        value = self.text(key)
        if value is not None and value not in choices:
            self._refuse_key(key, f"must be one of {', '.join(choices)}")
        return value

    def word(self, key: str, known: Sequence[str]) -> str | None:
        """Return one of many words."""
        value = self.text(key)
        if value is not None and value not in known:
            self._refuse_key(key, "is not a known word", hint=_suggest_nearest(value, known))
        return value

    def duration(self, key: str) -> timedelta | None:
        """Return a duration such as `300s`."""
        value = self.text(key)
        try:
            return None if value is None else parse_duration(value)
        except UsageError as error:
            self._refuse_key(key, "is not a duration", hint=error.hint)

    def zone(self, key: str) -> tzinfo | None:
        """Return a time zone such as `America/Los_Angeles`."""
        name = self.text(key)
        zone = None if name is None else find_zone(name)
        if name is not None and zone is None:
            self._refuse_key(key, "is not the name of a time zone", hint=suggest_zone(name))
        return zone

    def _open_child(self, value: object, key: str) -> "Section":
        if not isinstance(value, dict):
            self._refuse_key(key, "must be a table")
        return replace(self, table=value, keys=(*self.keys, key))

    def _locate_key(self, *below: str) -> str:
        """Say where the table, or a key below it, stands."""
        keys = (*self.keys, *below)
        line = find_line(self.source, keys)
        shown = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in keys)
        return f"{self.path}{f', line {line}' if line else ''}: {shown.removeprefix('.')}"

    def _refuse_key(self, key: str, what: str, *, hint: str | None = None) -> NoReturn:
        raise ConfigError(f"{self._locate_key(key)} {what}.", hint=hint)


def _suggest_nearest(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known) or 'nothing'}."
