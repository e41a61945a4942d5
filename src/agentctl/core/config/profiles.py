"""Reads the configuration of one profile - database, user, webhooks - and checks every key.

It reads files and the environment; it connects to nothing, and resolves no secret before its value is needed.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal, cast

import tomli
from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.core.config.code_section import CodeSettings, read_code
from agentctl.core.config.schema_section import read_schema
from agentctl.core.config.toml_sections import Section, Value
from agentctl.core.errors import ConfigError
from agentctl.core.hint_text import shell_word, toml_key
from agentctl.core.mapping.settings import SchemaSettings
from agentctl.core.models import Agent, Credits

FILE_NAME = "agentctl.toml"
DATABASE_URL = "AGENTCTL_DATABASE_URL"
CONFIG = "AGENTCTL_CONFIG"

OnFailure = Literal["refund", "keep"]


class WebhookSettings(Struct, frozen=True):
    """How webhooks are called: one deadline, extra headers, and which private hosts are allowed."""

    timeout: timedelta = timedelta(seconds=300)
    allow_hosts: tuple[str, ...] = ()
    signing_secret: Value | None = None
    headers: Mapping[str, Value] = field(default_factory=dict)


class N8nSettings(Struct, frozen=True):
    """The address and key of n8n's execution API, for reconcile."""

    url: Value | None = None
    api_key: Value | None = None


class JournalSettings(Struct, frozen=True):
    """What this machine's journal keeps: with `content`, inputs and results as well."""

    content: bool = False


class AgentSettings(Struct, frozen=True):
    """Settings of one agent, which overrule what the database says."""

    idempotent: bool = False
    success_when: str | None = None
    webhook_url: Value | None = None
    price: Credits | None = None


class Profile(Struct, frozen=True):
    """One marketplace, as configured.

    Attributes:
        database_url: None if the sandbox is used, or no database.
        migrate_database_url: the same database for migrations, past a pooler that shares its servers.
        read_timeout: how long the database may take over each statement of a command that only reads.

    """

    name: str
    database_url: Value | None = None
    migrate_database_url: Value | None = None
    read_timeout: timedelta = timedelta(minutes=5)
    user: Value | None = None
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    n8n: N8nSettings = field(default_factory=N8nSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    on_failure: OnFailure = "refund"
    agents: Mapping[str, AgentSettings] = field(default_factory=dict)
    schema: SchemaSettings = field(default_factory=SchemaSettings)
    code: CodeSettings = field(default_factory=CodeSettings)

    def agent(self, agent: Agent) -> AgentSettings:
        """Return the settings of an agent, found by its slug, id or name."""
        names = (agent.slug, str(agent.id), agent.name)
        return next((self.agents[name] for name in names if name in self.agents), AgentSettings())

    def completed(self, agent: Agent) -> Agent:
        """Return an agent with the price and the webhook that are configured for it.

        Raises:
            ConfigError: its webhook cannot be resolved, for instance because a variable is not set.

        """
        settings = self.agent(agent)
        return replace(
            agent,
            price=agent.price if settings.price is None else settings.price,
            webhook_url=settings.webhook_url.resolve() if settings.webhook_url else agent.webhook_url,
        )

    def as_far_as_known(self, agent: Agent) -> Agent:
        """Return the same, without a webhook that cannot be resolved."""
        try:
            return self.completed(agent)
        except ConfigError:
            return replace(agent, webhook_url=None)


def load_profile(
    *,
    config: Path | None,
    profile: str | None,
    environment: Mapping[str, str] = os.environ,
    needs_database: bool = True,
) -> Profile:
    """Return the profile to work with.

    Args:
        config: the file named on the command line, which must exist.
        profile: the profile named on the command line.
        environment: instead of the process's own environment.
        needs_database: whether a profile must have a database URL.

    Raises:
        ConfigError: no such file or profile, a file that is not TOML, an unknown key, a value of the wrong
            kind, or a configuration without a database URL that is needed. The message names file, line and
            key. Also a file that was found, not named, and that somebody other than this user or root can
            change.

    """
    url = environment.get(DATABASE_URL)
    override = Value(url, origin=f"${DATABASE_URL}") if url else None
    path = _find_file(config, environment)
    if path is None:
        if profile is not None:
            raise ConfigError(
                f"There is no configuration file, so there is no profile {profile!r}.",
                hint=f"Name the file with --config or ${CONFIG}, or leave out --profile.",
            )
        name = "default" if override or not needs_database else "sandbox"
        return Profile(name=name, database_url=override)
    loaded = _read_profile(path, wanted=profile, database_url=override, needs_database=needs_database)
    if needs_database and loaded.database_url is None:
        section = toml_key("profiles", loaded.name)
        raise ConfigError(
            f"{path}: profile {loaded.name!r} has no database_url.",
            hint=f'Add database_url = "env:DATABASE_URL" to [{section}], or set ${DATABASE_URL}.',
        )
    return loaded


def check_written(path: Path, *, profile: str, meaning: Mapping[str, object]) -> None:
    """Check that a new configuration is read as intended, and that agentctl can work with it.

    Raises:
        ConfigError: it is not.

    """
    _, document = _read_document(path)
    if document != meaning:
        raise ConfigError(f"{path} was not read back as it was written.")
    load_profile(config=path, profile=profile, environment={})


def _find_file(config: Path | None, environment: Mapping[str, str]) -> Path | None:
    named = config or (Path(environment[CONFIG]) if environment.get(CONFIG) else None)
    if named is not None:
        if not _is_file(named):
            raise ConfigError(
                f"There is no configuration file {str(named)!r}.", hint=f"Correct --config or ${CONFIG}."
            )
        return named
    from platformdirs import user_config_path  # noqa: PLC0415 - only where nothing nearer was named

    for path in (Path(FILE_NAME), user_config_path("agentctl") / FILE_NAME):
        if _is_file(path):
            _require_own(path)
            return path
    return None


def _require_own(path: Path) -> None:
    """Refuse a file that was found, not named, and that somebody else can change.

    It could name a command to be run, and a database and an n8n to send secrets to.
    """
    from agentctl.core.files.ownership import why_others_decide  # noqa: PLC0415 - only where a file was found

    try:
        reason = why_others_decide(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    if reason is not None:
        named = f"--config {shell_word(str(path))}"
        raise ConfigError(
            f"The configuration {path.absolute()} was found, but is not used: {reason}.",
            hint=f"If you trust it, name it with {named} or ${CONFIG}; otherwise check who put it there.",
            code="config_untrusted",
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:  # a closed folder: a file that may exist must not be skipped
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def _read_profile(
    path: Path, *, wanted: str | None, database_url: Value | None, needs_database: bool
) -> Profile:
    text, document = _read_document(path)
    root = Section(document, path=path, source=text)
    root.allow_only("default_profile", "profiles")
    profiles = {name: _make_profile(name, section) for name, section in root.sections("profiles").items()}
    name = wanted or root.text("default_profile") or (next(iter(profiles)) if len(profiles) == 1 else None)
    if name is None and not profiles and (database_url is not None or not needs_database):
        return Profile(name="default", database_url=database_url)
    return _choose_profile(root, profiles, name=name, database_url=database_url)


def _read_document(path: Path) -> tuple[str, dict[str, object]]:
    try:
        # Some editors begin a file with a byte order mark. A lone carriage return ends no line in TOML.
        text = path.read_bytes().decode("utf-8-sig")
        return text, tomli.loads(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # not UTF-8, or not TOML; tomli names line and column, never a value
        raise ConfigError(f"{path} is not valid TOML: {error}.") from None


def _choose_profile(
    root: Section, profiles: Mapping[str, Profile], *, name: str | None, database_url: Value | None
) -> Profile:
    known = ", ".join(profiles) or "none"
    if name is None:
        raise ConfigError(
            f"{root.path} does not say which profile to use.",
            hint=f"Set default_profile or pass --profile. Profiles in the file: {known}.",
        )
    if name not in profiles:
        raise ConfigError(f"{root.path} has no profile {name!r}.", hint=f"Profiles in the file: {known}.")
    profile = profiles[name]
    if database_url is not None:  # this may be another database, for which the file has no second URL
        profile = replace(profile, database_url=database_url, migrate_database_url=None)
    return profile


def _make_profile(name: str, section: Section) -> Profile:
    section.allow_only(
        *("database_url", "migrate_database_url", "user", "webhook", "n8n", "journal", "billing", "agents"),
        *("schema", "code", "read_timeout"),
    )
    billing = section.section("billing")
    billing.allow_only("on_failure")
    return Profile(
        name=name,
        database_url=section.value("database_url"),
        migrate_database_url=section.value("migrate_database_url"),
        read_timeout=section.duration("read_timeout") or timedelta(minutes=5),
        user=section.value("user"),
        webhook=_read_webhook(section.section("webhook")),
        n8n=_read_n8n(section.section("n8n")),
        journal=_read_journal(section.section("journal")),
        on_failure=cast("OnFailure", billing.choice("on_failure", ("refund", "keep")) or "refund"),
        agents={key: _read_agent(agent) for key, agent in section.sections("agents").items()},
        schema=read_schema(section.section("schema")),
        code=read_code(section.section("code")),
    )


def _read_webhook(section: Section) -> WebhookSettings:
    section.allow_only("timeout", "allow_hosts", "signing_secret", "headers")
    return WebhookSettings(
        timeout=section.duration("timeout") or WebhookSettings().timeout,
        allow_hosts=section.texts("allow_hosts"),
        signing_secret=section.value("signing_secret"),
        headers=section.values("headers"),
    )


def _read_n8n(section: Section) -> N8nSettings:
    section.allow_only("url", "api_key")
    return N8nSettings(url=section.value("url"), api_key=section.value("api_key"))


def _read_journal(section: Section) -> JournalSettings:
    section.allow_only("content")
    return JournalSettings(content=section.flag("content") or False)


def _read_agent(section: Section) -> AgentSettings:
    section.allow_only("idempotent", "success_when", "webhook_url", "price")
    return AgentSettings(
        idempotent=section.flag("idempotent") or False,
        success_when=section.text("success_when"),
        webhook_url=section.value("webhook_url"),
        price=section.number("price"),
    )
