"""Writes the mapping of a database as configuration, with the evidence as comments.

The configuration works unmodified, and changes nothing that agentctl does without it. Comments hold what an
operator has to decide. It writes no file.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import tomli
import tomlkit
from msgspec import Struct
from tomlkit import TOMLDocument
from tomlkit.items import AbstractTable

from agentctl.core.errors import SetupError
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Marketplace, Reading
from agentctl.core.mapping.discovery import FoundRole
from agentctl.core.mapping.functions import Deduct
from agentctl.core.mapping.table_role import Ledger
from agentctl.core.mapping.vocabulary import OWN_BALANCE_PARTS
from agentctl.core.mapping.words import Words
from agentctl.core.models import Agent

_NEVER_IN_COMMENTS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_LAST_OF_LATIN = 0xFF
_DECIDED_BY_HAND = frozenset(
    {
        "column-unfilled",
        "role-ambiguous",
        "status-unmapped",
        "kind-unmapped",
        "sign-unknown",
        "words-unconfirmed",
        "time-without-zone",
        "balance-derived",
    }
)


class Profile(Struct, frozen=True):
    """The content of the file besides the mapping.

    Attributes:
        name: the name of the profile.
        database_url: the text for the file, such as `env:NAME`; None for a mapping alone.
        allow_hosts: private hosts of webhooks.
        silent_agents: agents without a webhook in the database, each with an environment variable.

    """

    name: str
    database_url: str | None = None
    allow_hosts: Sequence[str] = ()
    silent_agents: Sequence[tuple[Agent, str]] = ()


class Configuration(Struct, frozen=True):
    """The text of a configuration file, and the tables and values that it must mean."""

    text: str
    meaning: Mapping[str, object]


def configuration(reading: Reading, profile: Profile, findings: Iterable[Finding] = ()) -> Configuration:
    """Return a configuration file, or its `[schema]` part.

    Raises:
        SetupError: TOML cannot hold a name of the database.

    """
    document = tomlkit.document()
    profiles = tomlkit.table(is_super_table=True)
    section = tomlkit.table(is_super_table=profile.database_url is None)
    if profile.database_url is not None:
        document.add("default_profile", tomlkit.item(profile.name))
        _fill_connection(section, profile)
    undecided = [finding for finding in findings if finding.id in _DECIDED_BY_HAND]
    section.add("schema", _make_schema(reading, undecided))
    profiles.add(profile.name, section)
    document.add("profiles", profiles)
    return _write_text(document)


def _write_text(document: TOMLDocument) -> Configuration:
    text, meaning = tomlkit.dumps(document).lstrip("\n"), document.unwrap()
    try:
        read_back = tomli.loads(text.encode().decode())
    except ValueError:  # not TOML, or not even text: a lone surrogate in a name
        read_back = None
    if read_back != meaning:
        raise SetupError(
            "The database has names that cannot be written into a configuration file.",
            code="configuration_unreadable",
        )
    return Configuration(text, meaning)


def _clean_comment(text: str) -> str:
    """Return text for a comment: one line that cannot end the comment or look like something else.

    Names come from the database. Control characters, all line ends, and characters that change the direction
    of reading are shown by their codes.
    """
    return "".join(
        character if unicodedata.category(character) not in _NEVER_IN_COMMENTS else _write_code(character)
        for character in text
    )


def _write_code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= _LAST_OF_LATIN else f"\\u{code:04x}"


def _fill_connection(section: AbstractTable, profile: Profile) -> None:
    section.add("database_url", profile.database_url)
    section.add(tomlkit.comment('user = "ops@example.com"   # charged when --user is not given'))
    if profile.allow_hosts:
        webhook = tomlkit.table()
        webhook.add("allow_hosts", list(profile.allow_hosts))
        webhook["allow_hosts"].comment(
            "private addresses of agents' webhooks: remove those that are not yours"
        )
        section.add("webhook", webhook)
    if profile.silent_agents:
        agents = tomlkit.table(is_super_table=True)
        for agent, variable in profile.silent_agents:
            agent_section = tomlkit.table()
            agent_section.add("webhook_url", f"env:{variable}")
            if agent.slug not in agents:  # agents that share a slug share its configuration
                agents.add(agent.slug, agent_section)
        section.add("agents", agents)


def _make_schema(reading: Reading, findings: Sequence[Finding]) -> AbstractTable:
    schema = tomlkit.table()
    for finding in findings:
        _add_remark(schema, f"{finding.message}\n{finding.hint or ''}")
    if reading.schemas:
        schema.add("schemas", list(reading.schemas))
    discovered = reading.discovery.roles
    for role, found_role in discovered.items():
        if role != "balances" or found_role.table is not discovered["users"].table:
            schema.add(role, _make_role(found_role))
    users, balances = discovered.get("users"), discovered.get("balances")
    if users is not None and balances is not None and balances.table is users.table:
        for part in OWN_BALANCE_PARTS:
            _add_choice(schema["users"], part, balances)
    if reading.marketplace is not None:
        _add_words(schema, reading.marketplace)
    return schema


def _add_remark(table: AbstractTable, text: str) -> None:
    for line in text.strip().split("\n"):
        table.add(tomlkit.comment(_clean_comment(line)))


def _make_role(role: FoundRole) -> AbstractTable:
    table = tomlkit.table()
    table.add("table", role.table.full_name)
    table["table"].comment(_explain_choice(role.why, role.others))
    for part in role.parts:
        _add_choice(table, part, role)
    return table


def _add_choice(table: AbstractTable, part: str, role: FoundRole) -> None:
    if part in role.parts:
        choice = role.parts[part]
        table.add(part, choice.column)
        if part != choice.column or choice.others:
            table[part].comment(_explain_choice(choice.why, choice.others))


def _explain_choice(why: str, others: Sequence[str]) -> str:
    return _clean_comment(why + (f"; not {', '.join(others)}" if others else ""))


def _add_words(schema: AbstractTable, market: Marketplace) -> None:
    dates = market.agents.dates
    for key, columns in (("active_from", dates.active_from), ("inactive_from", dates.inactive_from)):
        if columns:
            schema["agents"].add(key, [column.name for column in columns])
    statuses = market.executions.statuses
    if statuses.written:
        schema["executions"].add("statuses", _make_words(statuses))
    if market.executions.constant:
        schema["executions"].add("constant", dict(market.executions.constant))
    if market.ledger is not None:
        _add_ledger_words(schema["ledger"], market.ledger)
    if market.deducting.function is not None:
        schema.add("deduct", _make_deduct(market.deducting.function, market.deducting.why))


def _add_ledger_words(section: AbstractTable, ledger: Ledger) -> None:
    if ledger.sign_known and "amount" in ledger.columns:
        section.add("sign", str(ledger.sign))
    if ledger.kinds.written:
        section.add("kinds", _make_words(ledger.kinds))
    if ledger.constant:
        section.add("constant", dict(ledger.constant))
    if any(ledger.constants.values()):
        section.add("constants", {kind: dict(values) for kind, values in ledger.constants.items()})


def _make_deduct(deduct: Deduct, why: str) -> AbstractTable:
    table = tomlkit.table()
    table.add("function", deduct.function.full_name)
    table["function"].comment(_clean_comment(why))
    if deduct.configured:
        table.add("arguments", dict(deduct.configured))
    return table


def _make_words(words: Words) -> AbstractTable:
    """Propose also the words that rows hold: whoever reads the file decides about them."""
    table = tomlkit.table()
    table.comment(_clean_comment(words.why))
    for word, raw in words.proposed.items():
        table.add(word, raw)
        if word in words.seen and raw != words.written.get(word):
            table[word].comment("seen in its rows: does your application write it?")
    return table
