"""`schema-check --code` on hostile files: strange names, bytes, lines and kinds."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from agentctl.resources import sql_bytes
from support.code_project import CLIENT, selecting, write, write_app
from support.program import Program, Result

CHECK = ("schema-check", "--code", "app", "--schema-from", "schema.sql")
EVIL = "x\x1b]0;owned\x07\x9b2J\u202e\n::error::[a](http:evil)"
_HEAD = CLIENT.splitlines()[0] + "\n"
_USE = 'await supabase.from("agents").select("id, nope");'
_COLUMN = _USE.index("nope") + 1


@pytest.fixture(autouse=True)
def schema(agentctl: Program) -> None:
    """Write the schema file."""
    write(agentctl.home, {"schema.sql": sql_bytes("minimal")})
    (agentctl.home / "app").mkdir()


def check(agentctl: Program) -> Result:
    result = agentctl(*CHECK, "--json", timeout=30)
    assert result.exit_code in {0, 6}, result
    assert result.stderr == ""
    return result


def found(result: Result) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = result.json["data"]["findings"]
    return [one for one in every if one["id"].startswith("code-")]


def place(finding: dict[str, Any]) -> tuple[str, int, int]:
    return finding["file"], finding["line"], finding["column"]


@pytest.mark.parametrize(
    ("content", "line", "column", "excerpt"),
    [
        (f"\ufeff{_USE}\n", 1, _COLUMN, _USE),
        (f"{_HEAD}\r\n{_USE}\r\n".encode(), 3, _COLUMN, _USE),
        (f"{_HEAD}\r{_USE}\r".encode(), 3, _COLUMN, _USE),
        (f"/* 😀é */ {_USE}\n", 1, _COLUMN + 9, f"/* 😀é */ {_USE}"),
        (f"{_HEAD}\t{_USE}", 2, _COLUMN + 1, f"\t{_USE}"),
        ("\n" * 5000 + _USE, 5001, _COLUMN, _USE),
        (f"\ufeff{_HEAD}{_USE}\n".encode("utf-16-le"), 2, _COLUMN, _USE),
        (f"\ufeff{_HEAD}{_USE}\n".encode("utf-16-be"), 2, _COLUMN, _USE),
        (b"/* \xff\xfe */ " + _USE.encode(), 1, _COLUMN + 9, f"/* \ufffd\ufffd */ {_USE}"),
        (_USE.replace("id,", "id,\u2028").replace('"id', "`id").replace('pe"', "pe`"), 1, _COLUMN + 1, None),
    ],
    ids=[
        "bom",
        "crlf",
        "cr",
        "emoji",
        "tab",
        "far-down",
        "utf-16-le",
        "utf-16-be",
        "bytes",
        "line-separator",
    ],
)
def test_line_column_and_excerpt_match_an_editor(
    agentctl: Program, content: str | bytes, line: int, column: int, excerpt: str | None
) -> None:
    write(agentctl.home, {"app/a.ts": content})
    (one,) = found(check(agentctl))
    assert place(one) == ("app/a.ts", line, column)
    assert excerpt is None or one["excerpt"] == excerpt


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("a.sql", "\ufeffSELECT nope FROM agents;", 1, 8),
        ("a.sql", b"SELECT id,\r\n  nope FROM agents;\r\n", 2, 3),
        ("a.sql", "SELECT '😀', nope FROM agents;", 1, 13),
        ("a.py", '\ufeffimport psycopg\ncur.execute("SELECT nope FROM agents")\n', 2, 21),
        ("a.py", b'import psycopg\r\ncur.execute("""\r\nSELECT nope FROM agents""")\r\n', 3, 8),
        ("a.py", "import psycopg\ncur.execute('😀', 'é'); cur.execute('SELECT nope FROM agents')\n", 2, 44),
    ],
    ids=["sql-bom", "sql-crlf", "sql-emoji", "python-bom", "python-crlf", "python-emoji"],
)
def test_line_column_and_excerpt_match_an_editor_in_sql_and_python(
    agentctl: Program, name: str, content: str | bytes, line: int, column: int
) -> None:
    write(agentctl.home, {f"app/{name}": content})
    (one,) = (one for one in found(check(agentctl)) if one["id"] == "code-unknown-column")
    assert place(one) == (f"app/{name}", line, column)
    assert one["excerpt"][column - 1 :].startswith("nope")


def test_zero_bytes_do_not_end_a_file(agentctl: Program) -> None:
    write(
        agentctl.home,
        {"app/a.ts": f"{_HEAD}\0\0\n{_USE}\n", "app/b.sql": "SELECT '\0'; SELECT nope FROM agents;"},
    )
    result = check(agentctl)
    assert {place(one) for one in found(result) if one["severity"] == "error"} >= {("app/a.ts", 3, _COLUMN)}
    assert result.exit_code == 6


def test_cuts_a_very_long_generated_line(agentctl: Program) -> None:
    long = f"{'f();' * 20_000}{_USE}{'f();' * 20_000}"
    write(agentctl.home, {"app/a.js": long})
    result = check(agentctl)
    (one,) = found(result)
    assert place(one) == ("app/a.js", 1, 80_000 + _COLUMN)
    assert len(result.stdout) < 20_000
    for format_ in ("table", "github", "sarif", "junit"):
        assert len(agentctl(*CHECK, "--format", format_).stdout) < 60_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ts", "const x = {{{{ ;; function ("),
        ("a.tsx", "<div>{supabase.from('agents')"),
        ("a.js", "`${" * 50 + "supabase.from(a)"),
        ("a.py", "import psycopg\ndef (:\n  cur.execute('select 1 from agents')"),
        ("a.py", "import psycopg\n\0cur.execute('select 1 from agents')"),
        ("a.sql", "SELEC nope FROM agents"),
    ],
)
def test_an_unparsable_file_is_a_warning_with_its_location(
    agentctl: Program, name: str, content: str
) -> None:
    write(agentctl.home, {f"app/{name}": content + "\nsupabase.from('agents').select('id')"})
    result = check(agentctl)
    assert result.exit_code == 0
    one = found(result)[0]
    assert (one["id"], one["severity"], one["file"]) == ("code-unparsed", "warning", f"app/{name}")
    assert f"app/{name}:{one['line']}:{one['column']}: warning [code-unparsed]" in agentctl(*CHECK).stdout


def test_names_a_too_large_file_and_does_not_read_it(agentctl: Program) -> None:
    write(agentctl.home, {"app/large.ts": f"{_USE}\n" + "// made by a program\n" * 150_000})
    result = check(agentctl)
    (one,) = found(result)
    assert result.exit_code == 0
    assert (one["id"], one["message"]) == (
        "code-unparsed",
        "This part is not understood: it is larger than 2 MB.",
    )
    assert "app/large.ts:1:1: warning [code-unparsed]" in agentctl(*CHECK).stdout


def test_skips_pipes_folders_and_broken_links_silently(agentctl: Program) -> None:
    app = write_app(agentctl.home, selecting("id, nope"))
    os.mkfifo(app / "pipe.ts")
    (app / "folder.ts").mkdir()
    for name, target in {
        "nowhere": "nothing",
        "itself": "itself.ts",
        "zeros": "/dev/zero",
        "tty": "/dev/tty",
        "above": "..",
    }.items():
        (app / f"{name}.ts").symlink_to(target)
    result = check(agentctl)
    assert [one["file"] for one in found(result)] == ["app/executions.ts"]
    assert result.json["data"]["code"]["files"] == 2


@pytest.mark.parametrize("target", ["self/environ", "self/mem", "self/pagemap", "kmsg"])
def test_does_not_read_an_endless_device(agentctl: Program, target: str) -> None:
    (agentctl.home / "app/kernel.ts").symlink_to(f"/proc/{target}")
    assert check(agentctl).exit_code == 0


@pytest.mark.parametrize("format_", ["table", "json", "github", "sarif", "junit"])
def test_file_and_column_names_stay_text_in_every_format(agentctl: Program, format_: str) -> None:
    in_code = EVIL.replace("\n", "\\n")
    name = EVIL.replace("/", "|")
    write(agentctl.home, {f"app/{name}.ts": f"{_USE}\n"})
    write(
        agentctl.home, {"app/table.ts": f"await supabase.from('{in_code}').insert({{ '{in_code}': 1 }});\n"}
    )
    write(agentctl.home, {"app/code.sql": "SELECT nope\n::text, gone\n::text FROM agents"})
    Path(os.fsdecode(os.fsencode(agentctl.home) + b"/app/\xff\xfe.ts")).write_text(_USE)
    result = agentctl(*CHECK, "--verbose", "--format", format_)
    assert result.exit_code == 6
    whole = result.stdout + result.stderr
    assert not [one for one in whole.replace("\n", "") if not one.isprintable()]
    assert "::" not in {line.strip()[:2] for line in result.stderr.splitlines()}
    if format_ == "github":
        starts = {line.partition(" ")[0] for line in result.stdout.splitlines()}
        assert starts == {"::error", "agentctl"}
    if format_ == "sarif":
        places = [
            one["locations"][0]["physicalLocation"] for one in json.loads(result.stdout)["runs"][0]["results"]
        ]
        names = {unquote(one["artifactLocation"]["uri"]) for one in places}
        assert f"app/{name}.ts" in names
