"""Configuration: the right profile, values from elsewhere, and mistakes named by file, line and key."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tomlkit

from agentctl.core.config.key_lines import find_line
from agentctl.core.config.profiles import AgentSettings, Profile, load_profile
from agentctl.core.config.toml_sections import Value
from agentctl.core.errors import ConfigError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "agentctl.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def load(
    path: Path | None, *, profile: str | None = None, needs_database: bool = True, **environment: str
) -> Profile:
    return load_profile(config=path, profile=profile, environment=environment, needs_database=needs_database)


def refused(path: Path, *, profile: str | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        load(path, profile=profile)
    return error.value


def test_a_whole_profile_is_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB", "postgresql://from-env")
    profile = load(
        write("""
        default_profile = "prod"
        [profiles.prod]
        database_url = "env:DB"
        user = "ops@example.com"
        [profiles.prod.webhook]
        timeout = "2m"
        allow_hosts = ["n8n.example.com"]
        signing_secret = "whsec_x"
        headers = { "X-Api-Key" = "key" }
        [profiles.prod.n8n]
        url = "https://n8n.example.com"
        api_key = "k"
        [profiles.prod.billing]
        on_failure = "keep"
        [profiles.prod.agents."seo-blog"]
        idempotent = true
        success_when = "status == ok"
        [profiles.prod.schema]
        """)
    )
    assert profile.name == "prod"
    assert profile.database_url
    assert profile.database_url.resolve() == "postgresql://from-env"
    assert profile.webhook.timeout.total_seconds() == 120
    assert profile.webhook.allow_hosts == ("n8n.example.com",)
    assert profile.webhook.headers["X-Api-Key"].resolve() == "key"
    assert profile.on_failure == "keep"
    assert profile.agents == {"seo-blog": AgentSettings(idempotent=True, success_when="status == ok")}


def test_what_is_not_said_has_the_contracts_defaults(write: Write) -> None:
    profile = load(write('[profiles.a]\ndatabase_url = "x"'))
    assert profile.webhook.timeout.total_seconds() == 300
    assert profile.webhook.allow_hosts == ()
    assert profile.on_failure == "refund"
    assert profile.user is None


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('default_profil = "a"', "line 1: default_profil", "'default_profile'"),
        ("\n[profile.a]", "line 2: profile", "'profiles'"),
        ('[profiles.a]\ndatabase_uri = "x"', "line 2: profiles.a.database_uri", "'database_url'"),
        ("[profiles.a.webook]\n", "line 1: profiles.a.webook", "'webhook'"),
        ('[profiles.a.webhook]\n\ntimeuot = "3s"', "line 3: profiles.a.webhook.timeuot", "'timeout'"),
        ('[profiles.a.agents."s b"]\nidempotnt = true', "line 2: profiles.a.agents.s b.idempotnt", "'idemp"),
        ("[profiles.a]\nwebhook = { tmeout = 1 }", "line 2: profiles.a.webhook.tmeout", "'timeout'"),
        ("[profiles.a]\nxyz = 1", "line 2: profiles.a.xyz", "database_url, user"),
        ('[profiles.a.schema]\nuser = "x"', "line 2: profiles.a.schema.user", "'users'"),
        ('[profiles.a.schema.ledger]\namout = "x"', "line 2: profiles.a.schema.ledger.amout", "'amount'"),
        (
            '[profiles.a.schema.ledger.kinds]\nchrge = "x"',
            "line 2: profiles.a.schema.ledger.kinds.chrge",
            "'charge'",
        ),
    ],
)
def test_an_unknown_key_is_named_with_file_line_and_the_nearest_known_one(
    write: Write, text: str, place: str, hint: str
) -> None:
    path = write(text)
    error = refused(path)
    assert error.message.startswith(f"{path}, {place} is not a known key")
    assert error.hint
    assert hint in error.hint


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("database_url = 5", "database_url must be text in quotes"),
        ("user = true", "user must be text in quotes"),
        ("webhook = 5", "webhook must be a table"),
        ('webhook.timeout = "300"', "timeout is not a duration"),
        ("webhook.timeout = 300", "timeout must be text in quotes"),
        ('webhook.allow_hosts = "a"', "allow_hosts must be a list of text values"),
        ("webhook.allow_hosts = [1]", "allow_hosts must be a list of text values"),
        ("webhook.headers.X = 1", "X must be text in quotes"),
        ('billing.on_failure = "maybe"', "on_failure must be one of refund, keep"),
        ('agents.a.idempotent = "yes"', "idempotent must be true or false"),
        ("agents = []", "agents must be a table"),
        ("agents.a = 1", "a must be a table"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_and_never_shown(write: Write, line: str, what: str) -> None:
    error = refused(write(f"# first\n[profiles.a]\n{line}\n"))
    assert "line 3: profiles.a." in error.message
    assert what in error.message


@pytest.mark.parametrize("name", ["America/Los_Angeles", "Europe/Dublin", "UTC", "Etc/GMT+8"])
def test_the_zone_of_times_without_one_is_read(write: Write, name: str) -> None:
    path = write(f'[profiles.a.schema]\ntimezone = "{name}"\n')
    assert str(load(path, needs_database=False).schema.zone) == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("America/Los_Angles", "Did you mean 'America/Los_Angeles'?"),
        ("america/los_angeles", "Did you mean 'America/Los_Angeles'?"),
        ("right/UTC", "Etc/UTC"),
        ("localtime", "America/Los_Angeles"),
        ("America", ""),
        ("../etc/passwd", ""),
        ("+02:00", "America/Los_Angeles"),
        ("", ""),
    ],
)
def test_a_zone_that_nobody_knows_is_refused(write: Write, name: str, hint: str) -> None:
    path = write(f'[profiles.a]\n[profiles.a.schema]\ntimezone = "{name}"\n')
    error = refused(path)
    assert error.message == f"{path}, line 3: profiles.a.schema.timezone is not the name of a time zone."
    assert error.hint
    assert hint in error.hint


_IN_SEVERAL_LINES = """[profiles.a]
webhook = {
    timeout = "3s",  # a comment, and a comma behind the last key
    headers = {
        "X-Key" = %s,
    },
}
user = %s
"""


def test_an_inline_table_may_take_several_lines(write: Write) -> None:
    profile = load(write(_IN_SEVERAL_LINES % ('"k"', '"u"')), needs_database=False)
    assert profile.webhook.headers["X-Key"].resolve() == "k"
    assert profile.user is not None


@pytest.mark.parametrize(
    ("key", "user", "place"),
    [("1", '"u"', "line 5: profiles.a.webhook.headers.X-Key"), ('"k"', "1", "line 8: profiles.a.user")],
)
def test_a_mistake_in_an_inline_table_of_several_lines_is_named_with_its_line(
    write: Write, key: str, user: str, place: str
) -> None:
    path = write(_IN_SEVERAL_LINES % (key, user))
    assert refused(path).message == f"{path}, {place} must be text in quotes."


def test_what_is_not_toml_in_an_inline_table_of_several_lines_is_named_with_its_line(write: Write) -> None:
    path = write('[profiles.a]\nwebhook = {\n  timeout = "3s",\n  timeout = "4s",\n}\n')
    assert "(at line 4, column 17)" in refused(path).message


def test_whatever_tomlkit_writes_is_read(write: Write) -> None:
    headers = tomlkit.inline_table()
    headers.add("X-First", "\x1b\x7f\u0085\N{GRINNING FACE}")
    headers.add(tomlkit.nl())  # which TOML 1.0 does not allow in an inline table
    headers.add('X "second"', "b")
    document = tomlkit.document()
    document["profiles"] = {"a": {"webhook": {"headers": headers}}}

    profile = load(write(tomlkit.dumps(document)), needs_database=False)

    written = {name: value.resolve() for name, value in profile.webhook.headers.items()}
    assert written == {"X-First": "\x1b\x7f\u0085\N{GRINNING FACE}", 'X "second"': "b"}


def test_what_is_wrong_in_another_profile_is_an_error_too(write: Write) -> None:
    path = write('default_profile = "a"\n[profiles.a]\ndatabase_url = "x"\n[profiles.b]\nuser = 7')
    assert "line 5: profiles.b.user" in refused(path).message


@pytest.mark.parametrize("text", ["[profiles", "a = ", 'a = "\x01"', "a = 1\na = 2"])
def test_what_is_not_toml_is_named_with_its_place(write: Write, text: str) -> None:
    path = write(text)
    error = refused(path)
    assert error.message.startswith(f"{path} is not valid TOML: ")
    assert "(at " in error.message


def test_a_file_that_is_not_utf_8_is_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "agentctl.toml"
    path.write_bytes(b'user = "\xff"')
    assert "is not valid TOML" in refused(path).message


def test_a_byte_order_mark_at_its_beginning_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "agentctl.toml"
    path.write_bytes(b'\xef\xbb\xbf[profiles.a]\ndatabase_url = "x"')
    assert load(path).name == "a"


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    assert "There is no configuration file" in refused(tmp_path / "absent.toml").message
    assert "There is no configuration file" in refused(tmp_path).message  # a folder
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        load(None, AGENTCTL_CONFIG=str(tmp_path / "absent.toml"))


def test_the_nearest_file_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'[profiles.{name}]\ndatabase_url = "x"')
        return path

    named("home", tmp_path / "config/agentctl/agentctl.toml")
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "work")
    assert load(None).name == "home"
    named("here", tmp_path / "work/agentctl.toml")
    assert load(None).name == "here"
    from_variable = named("variable", tmp_path / "variable.toml")
    assert load(None, AGENTCTL_CONFIG=str(from_variable)).name == "variable"
    option = named("option", tmp_path / "option.toml")
    assert load(option, AGENTCTL_CONFIG=str(from_variable)).name == "option"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is configured."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nowhere")
def test_with_nothing_configured_there_is_no_url_and_the_sandbox_is_meant() -> None:
    assert load(None) == Profile(name="sandbox")


@pytest.mark.usefixtures("nowhere")
def test_a_profile_cannot_be_named_where_there_is_no_file() -> None:
    with pytest.raises(ConfigError, match="no profile 'prod'"):
        load(None, profile="prod")


@pytest.mark.usefixtures("nowhere")
def test_the_database_url_of_the_environment_is_enough() -> None:
    profile = load(None, AGENTCTL_DATABASE_URL="postgresql://only")
    assert profile.name == "default"
    assert profile.database_url
    assert profile.database_url.resolve() == "postgresql://only"


def test_the_database_url_of_the_environment_wins_over_the_file(write: Write) -> None:
    path = write('[profiles.a]\ndatabase_url = "postgresql://file"\nuser = "u"')
    profile = load(path, AGENTCTL_DATABASE_URL="postgresql://environment")
    assert profile.database_url
    assert profile.database_url.resolve() == "postgresql://environment"
    assert profile.database_url.origin == "$AGENTCTL_DATABASE_URL"
    assert profile.user


def test_a_configuration_without_a_url_is_an_error(write: Write) -> None:
    path = write('[profiles.a]\nuser = "u"')
    error = refused(path)
    assert "profile 'a' has no database_url" in error.message
    assert error.hint
    assert "AGENTCTL_DATABASE_URL" in error.hint
    assert load(path, AGENTCTL_DATABASE_URL="x").name == "a"


def test_an_empty_file_is_a_configuration_without_a_url(write: Write) -> None:
    assert "does not say which profile" in refused(write("")).message
    assert load(write(""), AGENTCTL_DATABASE_URL="x").name == "default"


def test_the_profile_is_the_one_named_or_the_default_or_the_only_one(write: Write) -> None:
    two = '[profiles.a]\ndatabase_url = "x"\n[profiles.b]\ndatabase_url = "y"\n'
    error = refused(write(two))
    assert "does not say which profile" in error.message
    assert error.hint
    assert "a, b" in error.hint
    assert load(write(two), profile="b").name == "b"
    assert load(write(f'default_profile = "b"\n{two}')).name == "b"
    assert load(write(f'default_profile = "b"\n{two}'), profile="a").name == "a"
    assert "has no profile 'c'" in refused(write(two), profile="c").message


def test_a_value_may_stand_in_the_environment_in_a_file_or_come_from_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from-file\n")
    monkeypatch.setenv("SECRET", "from-env")
    monkeypatch.setenv("HOME", str(tmp_path))

    def resolved(raw: str) -> str:
        return Value(raw, origin="here", folder=tmp_path).resolve()

    assert resolved("env:SECRET") == "from-env"
    assert resolved("file:secret") == "from-file"  # beside the configuration, not where we stand
    assert resolved(f"file:{tmp_path / 'secret'}") == "from-file"
    assert resolved("file:~/secret") == "from-file"
    assert resolved("command:printf '%s' 'a b'") == "a b"
    assert resolved("postgresql://u:p@h/d") == "postgresql://u:p@h/d"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("env:ABSENT", "the environment variable ABSENT is not set"),
        ("env:EMPTY", "the environment variable EMPTY is not set"),
        ("file:absent", "cannot be read (No such file or directory)"),
        ("file:.", "cannot be read (Is a directory)"),
        ("file:binary", "it is not UTF-8"),
        ("command:false", "its command ended with exit code 1"),
        ("command:", "its command cannot be run"),
        ("command:no-such-program-of-ours", "its command cannot be run"),
        ("command:echo 'unclosed", "its command cannot be run"),
    ],
)
def test_a_value_that_is_not_to_be_had_says_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: str, why: str
) -> None:
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(ConfigError) as error:
        Value(raw, origin="agentctl.toml, line 3: user", folder=tmp_path).resolve()
    assert error.value.message.startswith("agentctl.toml, line 3: user: ")
    assert why in error.value.message


def test_nothing_is_resolved_before_it_is_needed(write: Write) -> None:
    profile = load(
        write('[profiles.a]\ndatabase_url = "x"\nuser = "env:ABSENT"\n[profiles.a.n8n]\nurl = "file:no"')
    )
    assert profile.user
    with pytest.raises(ConfigError, match=r"line 3: profiles\.a\.user"):
        profile.user.resolve()


def test_a_value_never_shows_itself() -> None:
    assert "s3cret" not in repr(Value("s3cret", origin="here"))
    assert "s3cret" not in repr(Profile(name="a", database_url=Value("s3cret", origin="here")))


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        ('[a]\nb = 1\n[a.c]\n"d e" = 2', ("a", "c", "d e"), 4),
        ("[a]\nb.c = 1", ("a", "b", "c"), 2),
        ("a.b.c = 1", ("a", "b"), 1),
        ("[a] # b\nc = 1 # d", ("a", "c"), 2),
        ("[[a]]\nb = 1", ("a", "b"), 2),
        ("# a = 1\na = 2", ("a",), 2),
        ("[a]\nx = { b = 1 }", ("a", "x", "b"), 2),
        ("[a]\n", ("a", "missing"), 1),
        ("", ("a",), None),
        ("x = {\n  b = 1,\n  c = 2,\n}", ("x", "c"), 3),
        ('x = { # { b = 1\n  b = """\nc = 1\n""", c = 2 }\nb = 3', ("x", "c"), 4),
        ("x = {\n  b = 1\n}\nb = 2", ("b",), 4),
        ("x = {\n  y = { },\n  'd e' = [\n    1,\n    { f.g = 2 }\n  ]\n}", ("x", "d e", 1, "f", "g"), 5),
        ("x = [[1, 2], [\n{ b = '}' }, {\nb = ']' }]]", ("x", 1, 1, "b"), 3),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), 6),
        ("a = 1979-05-27 07:32:00\nb = 1", ("b",), 2),
    ],
)
def test_the_line_of_a_key_is_found_in_every_way_to_write_it(
    text: str, keys: tuple[str, ...], line: int | None
) -> None:
    assert find_line(text, keys) == line
