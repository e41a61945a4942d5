"""A setup problem gives one helpful message, exit code 3, no traceback, and never a secret."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import pytest

from support.marketplace import Database, Marketplace
from support.program import Program, Result
from support.webhook_server import Reply, WebhookServer

SECRET = "s3cret/p@ss"


@pytest.fixture
def configured(agentctl: Program) -> Callable[[str], Path]:
    """Return a function that writes the configuration that the program finds."""

    def write(text: str) -> Path:
        path = agentctl.home / "agentctl.toml"
        path.write_text(text)
        return path

    return write


def _refused(result: Result, *words: str) -> None:
    """Check for one message with these words, in text and in JSON, without a secret or a traceback."""
    assert result.exit_code == 3, result
    said = result.json["error"]["message"] if result.stdout else result.stderr
    hint = (result.json["error"]["hint"] or "") if result.stdout else ""
    for word in words:
        assert word in said + hint, (word, said, hint)
    assert "Traceback" not in result.stderr + result.stdout
    for secret in (SECRET, "p@ss", "s3cret", "p%40ss"):
        assert secret not in result.stdout + result.stderr
    assert result.stderr.count("error: ") == (0 if result.stdout else 1)


CONFIGURATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "an unknown key": (
        '[profiles.p]\ndatabase_url = "postgresql://x"\n\ndatabse = 1\n',
        ("agentctl.toml", "line 4", "databse"),
    ),
    "an unknown section": ("[profiles.p.webhok]\ntimeout = '1s'\n", ("webhok",)),
    "no TOML": ("[profiles.p\n", ("not valid TOML", "line 1")),
    "a value of the wrong kind": ("[profiles.p]\ndatabase_url = 7\n", ("database_url",)),
    "no URL": ('[profiles.p]\nuser = "x"\n', ("no database_url", "AGENTCTL_DATABASE_URL")),
    "a variable that is not set": ('[profiles.p]\ndatabase_url = "env:NOT_SET"\n', ("NOT_SET",)),
    "a file that is not there": ('[profiles.p]\ndatabase_url = "file:nowhere"\n', ("nowhere",)),
    "a file of an unknown user": (
        '[profiles.p]\ndatabase_url = "file:~nobody-knows/x"\n',
        ("~nobody-knows/x",),
    ),
    "a command that fails": ('[profiles.p]\ndatabase_url = "command:false"\n', ("database_url",)),
    "a malformed URL": (
        f'[profiles.p]\ndatabase_url = "postgresql://app:{SECRET}@127.0.0.1:5432:5/x"\n',
        ("cannot be understood", "percent-encoded"),
    ),
    "a URL with blanks": (
        f'[profiles.p]\ndatabase_url = "postgres //app:{SECRET}@127.0.0.1/x"\n',
        ("cannot be understood",),
    ),
    "another database's URL": (
        f'[profiles.p]\ndatabase_url = "mysql://app:{SECRET}@127.0.0.1/x"\n',
        ("cannot be understood", "postgresql://"),
    ),
    "a URL that would be cut off": (
        f'[profiles.p]\ndatabase_url = "postgresql://127.0.0.1:9\\u0000:{SECRET}@h/x"\n',
        ("cannot be understood",),
    ),
    "an empty URL": ('[profiles.p]\ndatabase_url = ""\n', ("line 2", "cannot be understood")),
    "a parameter that PostgreSQL does not know": (
        f'[profiles.p]\ndatabase_url = "postgresql://app:s3cret@127.0.0.1:9/x?pasword={SECRET}"\n',
        ("cannot be understood",),
    ),
    "a parameter with an impossible value": (
        '[profiles.p]\ndatabase_url = "postgresql://app:s3cret@127.0.0.1:9/x?sslmode=maybe"\n',
        ("sslmode", "parameter"),
    ),
    "a TOML error beside a secret": (
        f'[profiles.p]\ndatabase_url = "postgresql://app:{SECRET}@127.0.0.1/x" oops\n',
        ("not valid TOML", "line 2"),
    ),
    "a secret in the wrong place": (
        f'[profiles.p]\ndatabase_url = ["postgresql://app:{SECRET}@127.0.0.1/x"]\n',
        ("line 2", "database_url must be text"),
    ),
    "several profiles and no default": (
        '[profiles.a]\ndatabase_url = "postgresql://x"\n[profiles.b]\ndatabase_url = "postgresql://x"\n',
        ("which profile", "a, b"),
    ),
}


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize(("text", "words"), CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_names_the_mistake_in_a_configuration(
    agentctl: Program,
    configured: Callable[[str], Path],
    text: str,
    words: tuple[str, ...],
    json: tuple[str, ...],
) -> None:
    configured(text)

    _refused(agentctl("history", *json), *words)


def test_names_a_missing_profile_or_file(agentctl: Program, configured: Callable[[str], Path]) -> None:
    configured('[profiles.p]\ndatabase_url = "postgresql://x"\n')

    _refused(agentctl("history", "--profile", "q"), "no profile 'q'", "p")
    _refused(agentctl("history", "--config", "elsewhere.toml"), "elsewhere.toml")
    _refused(agentctl("history", env={"AGENTCTL_CONFIG": "elsewhere.toml"}), "elsewhere.toml")


@pytest.mark.parametrize("named", ["--config", "AGENTCTL_CONFIG", "the user's folder"])
def test_a_file_that_cannot_be_examined_is_an_error(agentctl: Program, named: str) -> None:
    """A name that is too long stands in for a closed folder, because no folder is closed to root."""
    name = "x" * 300
    match named:
        case "--config":
            result = agentctl("history", "--config", name)
        case "AGENTCTL_CONFIG":
            result = agentctl("history", env={"AGENTCTL_CONFIG": name})
        case _:
            result = agentctl("history", env={"XDG_CONFIG_HOME": f"/{name}"})

    _refused(result, name, "cannot be read: File name too long")


def test_an_unreadable_file_is_an_error(agentctl: Program) -> None:
    _refused(agentctl("history", "--config", "/proc/self/mem"), "/proc/self/mem cannot be read")


def test_searches_for_files_in_the_documented_order(agentctl: Program, marketplace: Marketplace) -> None:
    wrong = 'default_profile = "x"\n'
    right = f'[profiles.p]\ndatabase_url = "{marketplace.url}"\n'
    user, here, named, given = (
        agentctl.home / ".config/agentctl/agentctl.toml",
        agentctl.home / "agentctl.toml",
        agentctl.home / "named.toml",
        agentctl.home / "given.toml",
    )
    user.parent.mkdir(parents=True)
    user.write_text(right)
    assert agentctl("agents").exit_code == 0
    here.write_text(wrong)
    assert agentctl("agents").exit_code == 3
    named.write_text(right)
    by_name = {"AGENTCTL_CONFIG": str(named)}
    assert agentctl("agents", env=by_name).exit_code == 0
    given.write_text(wrong)
    assert agentctl("agents", "--config", given, env=by_name).exit_code == 3


def test_the_environment_variable_overrides_the_file(
    agentctl: Program, configured: Callable[[str], Path], marketplace: Marketplace
) -> None:
    configured('[profiles.p]\ndatabase_url = "postgresql://x@127.0.0.1:9/x"\n')

    assert agentctl("agents", env={"AGENTCTL_DATABASE_URL": marketplace.url}).exit_code == 0


def test_secrets_can_come_from_the_environment_a_file_or_a_command(
    agentctl: Program, configured: Callable[[str], Path], marketplace: Marketplace
) -> None:
    secret = agentctl.home / "url"
    secret.write_text(f"{marketplace.url}\n")
    for value, env in (
        ("env:URL", {"URL": f" {marketplace.url}\n"}),
        ("file:url", {}),
        (f"command:cat {secret}", {}),
    ):
        configured(f'[profiles.p]\ndatabase_url = "{value}"\n')
        assert agentctl("agents", env=env).exit_code == 0


def _at(agentctl: Program, url: str, *arguments: str) -> Result:
    return agentctl(*(arguments or ("history",)), env={"AGENTCTL_DATABASE_URL": url})


def test_names_an_unreachable_server_host_database_or_user(
    agentctl: Program, marketplace: Marketplace
) -> None:
    server = marketplace.server
    secret = "s3cret%2Fp%40ss"

    _refused(_at(agentctl, f"postgresql://app:{secret}@127.0.0.1:9/x"), "refused", "running")
    _refused(_at(agentctl, f"postgresql://app:{secret}@no-such-host.invalid/x"), "host name")
    _refused(_at(agentctl, server.url("no_such_database")), "no_such_database", "does not exist")
    _refused(
        _at(agentctl, server.url(marketplace.name, password=secret)),
        "authentication failed",
        "password",
    )
    _refused(
        _at(agentctl, server.url(marketplace.name, user="nobody-knows", password=secret)), "nobody-knows"
    )


def test_connection_errors_say_whether_they_are_retryable(
    agentctl: Program, marketplace: Marketplace
) -> None:
    limited = marketplace.add_role("limited", password="s3cret")
    marketplace.execute(f"ALTER ROLE {marketplace.name}_limited CONNECTION LIMIT 0".encode())
    nothing = marketplace.add_role("nothing", password="s3cret")

    def retryable(url: str, *words: str) -> bool:
        result = _at(agentctl, url, "history", "--json")
        _refused(result, *words)
        assert result.json["error"]["code"] == "connection"
        return bool(result.json["error"]["retryable"])

    assert retryable("postgresql://x@127.0.0.1:9/x", "refused")
    assert retryable(limited, "too many connections", "pooler")
    assert not retryable(marketplace.server.url(marketplace.name, password="s3cret"), "password")
    assert not retryable(marketplace.server.url("no_such_database"), "does not exist")
    assert not retryable(f"{marketplace.url}?sslmode=require", "SSL", "sslmode")
    marketplace.execute(f"REVOKE CONNECT ON DATABASE {marketplace.name} FROM PUBLIC".encode())
    assert not retryable(nothing, "permission denied", "GRANT CONNECT")


def test_refuses_a_database_url_that_is_not_text(agentctl: Program) -> None:
    _refused(_at(agentctl, "postgresql://app:s3cret\udcff@127.0.0.1/x"), "cannot be understood")


FORBIDDEN: list[tuple[LiteralString, tuple[str, ...], str]] = [
    ("GRANT USAGE ON SCHEMA public TO {role}", ("history",), "permission denied"),
    ("GRANT SELECT ON agent_executions, agents, profiles TO {role}", ("history",), "Row level security"),
    ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", ("credits",), "Row level security"),
    (
        "ALTER TABLE profiles DISABLE ROW LEVEL SECURITY",
        ("run", "plain", "-u", "ops@example.com"),
        "permission",
    ),
]


def test_a_role_without_privileges_is_refused_and_writes_nothing(
    agentctl: Program, marketplace: Marketplace
) -> None:
    url = marketplace.add_role("reader", password="s3cret")
    role = f"{marketplace.name}_reader"
    config = agentctl.home / "agentctl.toml"
    config.write_text(
        f'[profiles.p]\ndatabase_url = "{url}"\n[profiles.p.webhook]\nallow_hosts = ["127.0.0.1"]\n'
    )

    for grant, arguments, word in FORBIDDEN:
        marketplace.execute(grant.replace("{role}", role).encode())
        _refused(agentctl(*arguments), word)
        _refused(agentctl(*arguments, "--json"), word)

    assert marketplace.execute("SELECT count(*) FROM agent_executions") == [(0,)]


def test_a_database_without_a_marketplace_says_what_it_lacks(agentctl: Program, database: Database) -> None:
    for command in (("history",), ("credits",), ("run", "x"), ("agents",), ("migrate-full", "--yes")):
        _refused(
            _at(agentctl, database.url, *command), "agent_executions" if "agent" not in command[0] else ""
        )


def test_uses_a_passfile_and_never_shows_its_password(agentctl: Program, marketplace: Marketplace) -> None:
    passfile: Any = agentctl.home / ".pgpass"
    server = marketplace.server
    passfile.write_text(f"127.0.0.1:{server.port}:*:postgres:{server.password}\n")
    passfile.chmod(0o600)
    url = f"postgresql://postgres@127.0.0.1:{server.port}/{marketplace.name}"
    assert _at(agentctl, url, "agents").exit_code == 0

    passfile.write_text(f"127.0.0.1:{server.port}:*:postgres:s3cret\n")
    _refused(_at(agentctl, url, "agents"), "authentication failed")


def test_options_before_a_subcommand_apply_to_it(agentctl: Program, marketplace: Marketplace) -> None:
    config = agentctl.home / "agentctl.toml"
    config.write_text(
        f'default_profile = "right"\n[profiles.right]\ndatabase_url = "{marketplace.url}"\n'
        '[profiles.wrong]\ndatabase_url = "postgresql://x@127.0.0.1:9/x"\n'
    )
    grant = ("grant", "ops@example.com", "5", "--reason", "x")

    _refused(agentctl("credits", "--profile", "wrong", *grant), "refused")
    _refused(agentctl("credits", "--profile", "wrong", "--json", *grant), "refused")
    assert agentctl("credits", "--profile", "wrong", *grant, "--profile", "right").exit_code == 0
    assert agentctl("credits", "--user", "ops@example.com", *grant).exit_code == 2
    assert marketplace.execute("SELECT credits FROM profiles WHERE email LIKE 'ops%%'") == [(105,)]


def test_an_agents_price_and_webhook_may_come_from_the_configuration(
    agentctl: Program, marketplace: Marketplace, webhook: WebhookServer
) -> None:
    url = webhook.script("/elsewhere", Reply.json({"title": "Tea"}))
    (agentctl.home / "agentctl.toml").write_text(
        f'[profiles.p]\ndatabase_url = "{marketplace.url}"\n'
        '[profiles.p.webhook]\nallow_hosts = ["127.0.0.1"]\n'
        '[profiles.p.agents."seo-blog"]\nwebhook_url = "env:SEO"\nprice = 3\n'
    )
    run = ("run", "seo-blog", "topic=Tea", "--user", "ops@example.com", "--json")

    unset = agentctl(*run)
    assert (unset.exit_code, "SEO is not set" in unset.json["error"]["message"]) == (3, True)
    assert agentctl("agents").exit_code == 0

    done = agentctl(*run, env={"SEO": url})

    assert done.exit_code == 0, done
    assert done.json["data"]["credits"]["charged"] == 3
    assert len(webhook.requests) == 1
    shown = agentctl("agents", "seo-blog", "--json", env={"SEO": url}).json["data"]
    assert (shown["agent"]["price"], shown["agent"]["webhook_url"]) == (3, url)
