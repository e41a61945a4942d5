"""Writes what was found in a database as configuration: the mapping, with its evidence as comments.

What stands in it works unmodified, and means what agentctl would do without it. What could not be told
stands there as comments, for an operator to decide. It writes no file.
"""

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AbstractTable

from agentctl.core.errors import SetupError
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.mapping import Marketplace, Reading
from agentctl.core.mapping.discovery import FoundRole
from agentctl.core.mapping.words import Words
from agentctl.core.models import Agent

_NEVER_IN_COMMENTS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_LAST_OF_LATIN = 0xFF
_TOLD_BY_HAND = frozenset(
    {
        "column-unfilled",
        "role-ambiguous",
        "status-unmapped",
        "kind-unmapped",
        "sign-unknown",
        "words-unconfirmed",
    }
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What the file says besides the mapping.

    Attributes:
        name: of the profile.
        database_url: as it is to stand in the file, `env:NAME` for instance; None for a mapping alone.
        allow_hosts: private hosts that webhooks are at.
        silent_agents: agents whose webhook the database does not know, with an environment variable for each.

    """

    name: str
    database_url: str | None = None
    allow_hosts: Sequence[str] = ()
    silent_agents: Sequence[tuple[Agent, str]] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """The text of a configuration file, and what it is to say when it is read: tables and values."""

    text: str
    meaning: Mapping[str, object]


def configuration(reading: Reading, profile: Profile, findings: Iterable[Finding] = ()) -> Configuration:
    """Return a configuration file, or its `[schema]` part.

    Raises:
        SetupError: it would not say what is meant, because of a name that no TOML can hold.

    """
    document = tomlkit.document()
    profiles = tomlkit.table(is_super_table=True)
    section = tomlkit.table(is_super_table=profile.database_url is None)
    if profile.database_url is not None:
        document.add("default_profile", tomlkit.item(profile.name))
        _connection(section, profile)
    section.add("schema", _schema(reading, [one for one in findings if one.id in _TOLD_BY_HAND]))
    profiles.add(profile.name, section)
    document.add("profiles", profiles)
    return _text(document)


def _text(document: TOMLDocument) -> Configuration:
    text, meaning = tomlkit.dumps(document).lstrip("\n"), document.unwrap()
    try:
        said = tomllib.loads(text.encode().decode())
    except ValueError:  # not TOML, or not even text: a lone surrogate in a name
        said = None
    if said != meaning:
        msg = "The database has names that cannot be written into a configuration file."
        raise SetupError(msg, code="configuration_unreadable")
    return Configuration(text, meaning)


def _cleaned(text: str) -> str:
    """Return text for a comment, in one line, where it can neither end that nor look like something else.

    Names come from the database. Control characters, line ends of all kinds and what turns the direction of
    reading are shown by their codes.
    """
    return "".join(
        character if unicodedata.category(character) not in _NEVER_IN_COMMENTS else _code_of(character)
        for character in text
    )


def _code_of(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= _LAST_OF_LATIN else f"\\u{code:04x}"


def _connection(section: AbstractTable, profile: Profile) -> None:
    section.add("database_url", tomlkit.item(profile.database_url))
    section.add(tomlkit.comment('user = "ops@example.com"   # charged when --user is not given'))
    if profile.allow_hosts:
        webhook = tomlkit.table()
        webhook.add("allow_hosts", tomlkit.item(list(profile.allow_hosts)))
        webhook["allow_hosts"].comment(
            "private addresses of agents' webhooks: remove those that are not yours"
        )
        section.add("webhook", webhook)
    if profile.silent_agents:
        agents = tomlkit.table(is_super_table=True)
        for agent, variable in profile.silent_agents:
            one = tomlkit.table()
            one.add("webhook_url", tomlkit.item(f"env:{variable}"))
            if agent.slug not in agents:  # what several share is configured for all of them
                agents.add(agent.slug, one)
        section.add("agents", agents)


def _schema(reading: Reading, findings: Sequence[Finding]) -> AbstractTable:
    schema = tomlkit.table()
    for finding in findings:
        _remark(schema, f"{finding.message}\n{finding.hint or ''}")
    told = reading.schemas
    if told:
        schema.add("schemas", tomlkit.item(list(told)))
    found = reading.discovery.roles
    for role, one in found.items():
        if role != "balances" or one.table is not found["users"].table:
            schema.add(role, _role(one))
    if "users" in found and "balances" in found and found["balances"].table is found["users"].table:
        _choice(schema["users"], "balance", found["balances"])
    if reading.marketplace is not None:
        _words(schema, reading.marketplace)
    return schema


def _remark(table: AbstractTable, text: str) -> None:
    for line in text.strip().split("\n"):
        table.add(tomlkit.comment(_cleaned(line)))


def _role(found: FoundRole) -> AbstractTable:
    table = tomlkit.table()
    table.add("table", tomlkit.item(f"{found.table.schema}.{found.table.name}"))
    table["table"].comment(_because(found.why, found.others))
    for part in found.parts:
        _choice(table, part, found)
    return table


def _choice(table: AbstractTable, part: str, found: FoundRole) -> None:
    if part in found.parts:
        choice = found.parts[part]
        table.add(part, tomlkit.item(choice.column))
        if part != choice.column or choice.others:
            table[part].comment(_because(choice.why, choice.others))


def _because(why: str, others: Sequence[str]) -> str:
    return _cleaned(why + (f"; not {', '.join(others)}" if others else ""))


def _words(schema: AbstractTable, market: Marketplace) -> None:
    statuses = market.executions.statuses
    if statuses.written:
        schema["executions"].add("statuses", _written(statuses))
    if market.executions.constant:
        schema["executions"].add("constant", tomlkit.item(dict(market.executions.constant)))
    ledger = market.ledger
    if ledger is not None:
        schema["ledger"].add("sign", tomlkit.item(str(ledger.sign))) if ledger.sign_known else None
        if ledger.kinds.written:
            schema["ledger"].add("kinds", _written(ledger.kinds))
        if ledger.constant:
            schema["ledger"].add("constant", tomlkit.item(dict(ledger.constant)))
    function = market.deducting.function
    if function is not None:
        deduct = tomlkit.table()
        deduct.add("function", tomlkit.item(f"{function.function.schema}.{function.name}"))
        deduct["function"].comment(_cleaned(market.deducting.why))
        if function.texts:
            deduct.add("arguments", tomlkit.item(dict(function.texts)))
        schema.add("deduct", deduct)


def _written(words: Words) -> AbstractTable:
    """Propose the words that rows hold, too: whoever reads the file decides about them."""
    table = tomlkit.table()
    table.comment(_cleaned(words.why))
    for word, raw in words.proposed.items():
        table.add(word, tomlkit.item(raw))
        if raw != words.written.get(word):
            table[word].comment("seen in its rows: does your application write it?")
    return table


def is_undecided(findings: Iterable[Finding]) -> bool:
    """Whether an operator has something to decide before everything works."""
    return any(finding.severity is Severity.ERROR for finding in findings)
