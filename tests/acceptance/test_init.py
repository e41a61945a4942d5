"""`agentctl init`: a first look at a database, and a configuration that works unchanged."""

import stat
import tomllib
from pathlib import Path

import pytest
from psycopg import sql

from support.marketplace import Marketplace
from support.program import Program


@pytest.fixture
def config(agentctl: Program) -> Path:
    return agentctl.home / "agentctl.toml"


def init(agentctl: Program, marketplace: Marketplace, *options: str, exit_code: int = 0) -> str:
    done = agentctl("init", "--database-url", "env:MARKET", *options, env={"MARKET": marketplace.url})
    assert done.exit_code == exit_code, done
    return done.stdout + done.stderr


def test_the_other_commands_need_only_the_file_that_init_writes(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    said = init(agentctl, marketplace)

    assert "agent_executions" in said
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    written = tomllib.loads(config.read_text())
    assert written["default_profile"] == "default"
    profile = written["profiles"]["default"]
    assert profile["database_url"] == "env:MARKET"
    assert profile["webhook"]["allow_hosts"] == ["127.0.0.1:9"]
    assert profile["schema"]["users"]["balance"] == "credits"
    assert profile["schema"]["executions"]["statuses"]["running"] == "running"
    for command in (("schema-check",), ("history",), ("credits",), ("audit",)):
        assert agentctl(*command, env={"MARKET": marketplace.url}).exit_code == 0


def test_suggest_prints_only_the_mapping_that_init_writes(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    init(agentctl, marketplace)

    printed = agentctl("schema-check", "--suggest", env={"MARKET": marketplace.url})

    assert printed.exit_code == 0, printed
    suggested = tomllib.loads(printed.stdout)["profiles"]["default"]["schema"]
    assert suggested == tomllib.loads(config.read_text())["profiles"]["default"]["schema"]


def test_keeps_an_existing_file_unless_forced(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    config.write_text("# mine\n")

    assert "--force" in init(agentctl, marketplace, exit_code=2)
    assert config.read_text() == "# mine\n"

    init(agentctl, marketplace, "--force")
    assert "default_profile" in config.read_text()


def test_accepts_names_for_the_profile_and_the_file(
    agentctl: Program, marketplace: Marketplace, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "prod.toml"

    init(agentctl, marketplace, "--profile", "prod", "--config", str(elsewhere))

    assert tomllib.loads(elsewhere.read_text())["default_profile"] == "prod"


def test_without_a_database_url_it_is_refused_and_writes_nothing(agentctl: Program, config: Path) -> None:
    done = agentctl("init")
    assert (done.exit_code, config.exists()) == (2, False)
    assert "--database-url" in done.stderr


def test_an_unreachable_database_writes_no_file(agentctl: Program, config: Path) -> None:
    done = agentctl("init", "--database-url", "postgresql://x:s3cret@127.0.0.1:9/x")
    assert (done.exit_code, config.exists()) == (3, False)
    assert "s3cret" not in done.stderr


def test_finds_tables_in_another_schema_and_writes_its_name(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    for table in ("profiles", "agents", "agent_executions", "credit_transactions"):
        marketplace.execute(f"CREATE SCHEMA IF NOT EXISTS shop; ALTER TABLE {table} SET SCHEMA shop".encode())

    init(agentctl, marketplace)

    schema = tomllib.loads(config.read_text())["profiles"]["default"]["schema"]
    assert schema["schemas"] == ["shop", "public"]
    assert schema["executions"]["table"] == "shop.agent_executions"
    assert agentctl("history", env={"MARKET": marketplace.url}).exit_code == 0


def test_writes_open_questions_as_comments_and_exits_6(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD workspace_id uuid NOT NULL")

    said = init(agentctl, marketplace, exit_code=6)

    assert "workspace_id" in said
    assert (
        '# Set its value: [profiles.NAME.schema.executions.constant] workspace_id = "TEXT"'
        in config.read_text()
    )


def test_lists_what_an_empty_database_lacks(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert "There is no table" in init(agentctl, marketplace, exit_code=6)


def test_does_not_choose_between_two_schemas_off_the_search_path(
    agentctl: Program, marketplace: Marketplace
) -> None:
    marketplace.execute(
        "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_user_id_fkey, "
        "DROP CONSTRAINT agent_executions_agent_id_fkey; "
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_user_id_fkey"
    )
    marketplace.execute("CREATE SCHEMA shop; CREATE SCHEMA staging")
    for table in ("profiles", "agents", "agent_executions", "credit_transactions"):
        marketplace.execute(f"ALTER TABLE {table} SET SCHEMA shop".encode())
        copy = f"CREATE TABLE staging.{table} (LIKE shop.{table} INCLUDING ALL)"
        marketplace.execute(copy.encode())

    said = init(agentctl, marketplace, exit_code=6)

    assert "shop.agent_executions and staging.agent_executions" in said


WEBHOOKS = {
    "http://10.20.30.40:5678/webhook/a": "10.20.30.40:5678",
    "https://10.20.30.40/webhook/b": "10.20.30.40:443",
    "http://[fd12::7]/webhook/c": "[fd12::7]:80",
    "http://localhost:5678/webhook/d": "localhost:5678",
    "http://169.254.169.254/latest/meta-data/iam": None,
    "http://169.254.170.2/v2/credentials": None,
    "http://[fe80::a9fe:a9fe]/openstack": None,
    "http://[fd00:ec2::254]/latest": None,
    "http://[::ffff:169.254.169.254]/latest": None,
    "http://2852039166/latest": None,
    "http://metadata.google.internal/computeMetadata/v1/": None,
    "http://instance-data/latest": None,
    "http://100.100.100.200/latest": None,
    "http://168.63.129.16/machine": None,
    "http://8.8.8.8/webhook/e": "public",
}


def test_allows_private_webhooks_with_their_ports_but_never_link_local_or_metadata_ones(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    marketplace.execute("DELETE FROM agents")
    for number, url in enumerate(WEBHOOKS):
        marketplace.execute(
            "INSERT INTO agents (name, webhook_url, credit_cost) VALUES (%s, %s, 1)", [f"plum {number}", url]
        )

    done = agentctl("init", "--database-url", "env:MARKET", "--json", env={"MARKET": marketplace.url}).json[
        "data"
    ]

    allowed = {entry for entry in WEBHOOKS.values() if entry and entry != "public"}
    assert set(done["allow_hosts"]) == allowed
    # One of them is another in disguise.
    assert len(done["refused_hosts"]) == sum(entry is None for entry in WEBHOOKS.values()) - 1
    written = tomllib.loads(config.read_text())["profiles"]["default"]["webhook"]["allow_hosts"]
    assert set(written) == allowed
    assert not any(word in config.read_text() for word in ("169.254", "fe80", "ec2", "metadata", "100.100"))


def test_hostile_names_cannot_add_lines_to_the_configuration(
    agentctl: Program, marketplace: Marketplace, config: Path
) -> None:
    evil = 'plum\n[profiles.evil]\ndatabase_url = "x"\r[profiles.worse]\u2028[profiles.worst]\u202e#'
    name = sql.Identifier(evil[:60])
    with marketplace.connect() as connection:
        connection.execute(sql.SQL("ALTER TABLE agent_executions ADD {} uuid NOT NULL").format(name))
        connection.execute("UPDATE agents SET webhook_url = NULL, name = %s", [evil])

    said = init(agentctl, marketplace, exit_code=6)

    written = tomllib.loads(config.read_bytes().decode())
    assert set(written) == {"default_profile", "profiles"}
    assert set(written["profiles"]) == {"default"}
    assert set(written["profiles"]["default"]) <= {"database_url", "agents", "schema", "webhook"}
    assert "\u202e" not in said
    shown = agentctl("schema-check", "--suggest", env={"MARKET": marketplace.url}).stdout
    assert set(tomllib.loads(shown)["profiles"]) == {"default"}
