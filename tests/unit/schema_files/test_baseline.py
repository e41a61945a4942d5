"""The recorded schema: what a baseline holds, how it is read back, and what counts as drift."""

import json
import os
import re
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.core.catalog.introspection import (
    Argument,
    Column,
    Constraint,
    Function,
    Index,
    Table,
)
from agentctl.core.catalog.row_security import Policy, RowSecurity
from agentctl.core.errors import ConfigError, SetupError
from agentctl.core.findings.finding import Severity
from agentctl.core.schema_files.baseline import Baseline, compare, read_baseline, record, write_baseline

EVIL = 'x" .y\n\x1b\x7f\u202e'


def column(name: str, kind: str = "integer", **facts: object) -> Column:
    plain = Column(
        name,
        type=kind,
        base_type=kind,
        nullable=True,
        default=None,
        generated=False,
        enum_labels=None,
        readable=True,
        insertable=True,
        updatable=True,
    )
    return replace(plain, **facts)


CHECK = Constraint("positive", "check", ("credits",), None, None, None, "CHECK (credits >= 0)", True)
INDEX = Index("idx", "btree", ("credits",), False, True, False, "CREATE INDEX idx ON public.t (credits)")
POLICY = Policy("own rows", "select", True, True, "(id = me())", None)
TABLE = Table(
    "public",
    "t",
    "table",
    (
        column("credits", nullable=False, default="0"),
        column("state", "mood", enum_labels=("good", "bad")),
        column("total", generated=True, default="credits * 2"),
        column("number", "bigint", generated=True, nullable=False),
        column("Odd one", "text"),
    ),
    (CHECK,),
    (INDEX,),
    RowSecurity(enabled=True, active=True, policies=(POLICY,)),
    estimated_rows=7,
)
FUNCTION = Function(
    "public",
    "deduct",
    (Argument("p_user", "uuid", "i", False), Argument("p_agent", "uuid", "i", True)),
    "p_user uuid, p_agent uuid",
    "jsonb",
    security_definer=True,
    settings=("search_path=public, pg_temp",),
    executable=True,
    public=True,
)
FACTS = {
    "public.deduct(p_user uuid, p_agent uuid)": "returns jsonb",
    "public.deduct(p_user uuid, p_agent uuid) optional arguments": "p_agent",
    "public.deduct(p_user uuid, p_agent uuid) security": "definer",
    "public.deduct(p_user uuid, p_agent uuid) setting search_path": "public, pg_temp",
    "public.t": "table",
    "public.t constraint positive": "CHECK (credits >= 0)",
    "public.t index idx": "CREATE INDEX idx ON public.t (credits)",
    'public.t policy "own rows"': "permissive for select to public using ((id = me()))",
    "public.t row security": "on",
    'public.t."Odd one"': "text",
    "public.t.credits": "integer not null default 0",
    "public.t.number": "bigint not null generated always as identity",
    "public.t.state": "mood (good, bad)",
    "public.t.total": "integer generated always as (credits * 2)",
}


def written(folder: Path, baseline: Baseline) -> Baseline:
    path = folder / "schema.json"
    write_baseline(path, baseline)
    return read_baseline(path)


def test_a_baseline_holds_what_a_schema_is() -> None:
    assert record([TABLE], [FUNCTION]).facts == FACTS


def test_what_differs_by_role_server_or_rows_is_not_in_it() -> None:
    security = RowSecurity(enabled=True, active=False, policies=(replace(POLICY, applies=False),))
    columns = tuple(replace(one, readable=False, insertable=False, updatable=False) for one in TABLE.columns)
    elsewhere = replace(TABLE, estimated_rows=-1, row_security=security, columns=columns)
    denied = replace(FUNCTION, executable=False, public=False)
    assert record([elsewhere], [denied]) == record([TABLE], [FUNCTION])


def test_a_table_that_plays_two_parts_and_the_order_of_things_change_nothing(tmp_path: Path) -> None:
    turned = replace(TABLE, columns=TABLE.columns[::-1])
    for name, baseline in (
        ("one", record([TABLE, TABLE], [FUNCTION])),
        ("two", record([turned], [FUNCTION])),
    ):
        write_baseline(tmp_path / name, baseline)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_file_has_one_fact_a_line_sorted_in_ascii(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    write_baseline(path, record([replace(TABLE, name=EVIL)], [FUNCTION]))
    text = path.read_text("ascii")
    assert text.replace("\n", "").isprintable()
    head, *lines, last, end = text.splitlines()[1:]
    assert head == '  "schema": "agentctl-baseline/1",'
    assert (last, end) == ("  }", "}")
    assert lines[0] == '  "facts": {'
    names = [json.loads("{" + line.strip().rstrip(",") + "}").popitem()[0] for line in lines[1:]]
    assert names == sorted(names)
    assert len(names) == len(FACTS)


def test_what_was_written_is_read_back_with_its_lines(tmp_path: Path) -> None:
    recorded = written(tmp_path, record([TABLE], [FUNCTION]))
    assert recorded.facts == FACTS
    lines = (tmp_path / "schema.json").read_text().splitlines()
    for name in FACTS:
        assert lines[recorded.lines[name] - 1].strip().startswith(json.dumps(name))


def test_a_hostile_name_is_read_back_as_it_was(tmp_path: Path) -> None:
    odd = record([replace(TABLE, name=EVIL, columns=(column(EVIL),))], [])
    assert compare(written(tmp_path, odd), odd) == ()


def test_names_with_dots_and_quotes_cannot_pass_for_others() -> None:
    tables = [replace(TABLE, schema="a", name="b.c"), replace(TABLE, schema="a.b", name="c")]
    assert len(record(tables, []).facts) == 2 * len(record([TABLE], []).facts)


def test_the_same_schema_has_not_drifted(tmp_path: Path) -> None:
    assert compare(written(tmp_path, record([TABLE], [FUNCTION])), record([TABLE], [FUNCTION])) == ()


def test_drift_is_reported_in_both_directions_with_its_line(tmp_path: Path) -> None:
    recorded = written(tmp_path, record([TABLE], [FUNCTION]))
    changed = column("credits", "numeric", nullable=False, default="0")
    now = replace(TABLE, columns=(changed, *TABLE.columns[2:], column("new", "text")))
    file = tmp_path / "schema.json"

    findings = compare(recorded, record([now], [FUNCTION]))

    assert [(one.id, one.object, one.location.file if one.location else None) for one in findings] == [
        ("drift-changed", "public.t.credits", str(file)),
        ("drift-added", "public.t.new", str(file)),
        ("drift-removed", "public.t.state", str(file)),
    ]
    assert {one.severity for one in findings} == {Severity.ERROR}
    assert [one.location.line or None if one.location else None for one in findings] == [
        recorded.lines["public.t.credits"],
        None,
        recorded.lines["public.t.state"],
    ]
    assert [one.message for one in findings] == [
        "public.t.credits has changed from: integer not null default 0\nto: numeric not null default 0",
        "public.t.new is in the database and not in the baseline: text",
        "public.t.state is in the baseline and not in the database: mood (good, bad)",
    ]


@pytest.mark.parametrize(
    ("table", "function", "name"),
    [
        (replace(TABLE, kind="view"), FUNCTION, "public.t"),
        (
            replace(TABLE, constraints=(replace(CHECK, definition="CHECK (true)"),)),
            FUNCTION,
            "public.t constraint positive",
        ),
        (replace(TABLE, indexes=(replace(INDEX, valid=False),)), FUNCTION, "public.t index idx"),
        (
            replace(TABLE, row_security=replace(TABLE.row_security, enabled=False)),
            FUNCTION,
            "public.t row security",
        ),
        (
            replace(
                TABLE,
                row_security=replace(TABLE.row_security, policies=(replace(POLICY, with_check="true"),)),
            ),
            FUNCTION,
            'public.t policy "own rows"',
        ),
        (TABLE, replace(FUNCTION, returns="json"), "public.deduct(p_user uuid, p_agent uuid)"),
        (
            TABLE,
            replace(FUNCTION, security_definer=False),
            "public.deduct(p_user uuid, p_agent uuid) security",
        ),
        (
            TABLE,
            replace(FUNCTION, settings=("search_path=public",)),
            "public.deduct(p_user uuid, p_agent uuid) setting search_path",
        ),
        (
            TABLE,
            replace(FUNCTION, arguments=FUNCTION.arguments[:1]),
            "public.deduct(p_user uuid, p_agent uuid) optional arguments",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_change_is_one_finding(table: Table, function: Function, name: str) -> None:
    (finding,) = compare(record([TABLE], [FUNCTION]), record([table], [function]))
    assert (finding.id, finding.object) == ("drift-changed", name)


def test_a_whole_table_or_function_is_one_finding_and_hides_no_other() -> None:
    both = record([TABLE, replace(TABLE, name="t2")], [FUNCTION, replace(FUNCTION, name="t")])
    less = record([replace(TABLE, name="t2")], [FUNCTION])
    names = ["public.t", "public.t(p_user uuid, p_agent uuid)"]
    assert [(one.id, one.object) for one in compare(both, less)] == [
        ("drift-removed", name) for name in names
    ]
    assert [(one.id, one.object) for one in compare(less, both)] == [("drift-added", name) for name in names]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "schema.json, line 1: this is not JSON, or it is cut off"),
        ("[" * 100_000, "schema.json: this is not a baseline"),
        ("[]", "this is not agentctl-baseline/1 but something else"),
        ('{\n  "schema": "agentctl-baseline/2"\n}', "line 2: this is not agentctl-baseline/1 but agentctl-b"),
        ('{"schema": "agentctl-baseline/1"}', "this is not a baseline: it has no facts"),
        (
            '{"schema": "agentctl-baseline/1", "facts": {\n"public.t": "table",\n"public.u": 1}}',
            "line 3: this is not a baseline: public.u must be text",
        ),
        (
            '{"schema": "agentctl-baseline/1", "facts": {\n"public.t": "table",\n"public.t": "view"}}',
            "this is not a baseline: public.t appears in it twice",
        ),
    ],
    ids=["empty", "deep", "list", "version", "no facts", "number", "twice"],
)
def test_a_file_that_is_no_baseline_is_refused_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(content)
    with pytest.raises(ConfigError) as raised:
        read_baseline(path)
    assert told in raised.value.message
    assert str(path) in raised.value.message


def test_a_baseline_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    write_baseline(path, record([TABLE], [FUNCTION]))
    whole = path.read_bytes()
    for length in range(len(whole.rstrip())):
        path.write_bytes(whole[:length])
        with pytest.raises(ConfigError, match=r"schema.json, line \d+: .* cut off"):
            read_baseline(path)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _: None, "no such file"),
        (Path.mkdir, "Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "it is not UTF-8"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_named(
    tmp_path: Path, make: Callable[[Path], object], why: str
) -> None:
    path = tmp_path / "schema.json"
    make(path)
    with pytest.raises(ConfigError, match=f"schema.json cannot be read: {why}"):
        read_baseline(path)


def test_the_marks_that_other_systems_leave_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    write_baseline(path, record([TABLE], [FUNCTION]))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    recorded = read_baseline(path)
    assert recorded.facts == FACTS
    assert min(recorded.lines[name] for name in FACTS) == 4


def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_stays_one(tmp_path: Path) -> None:
    path, link = tmp_path / "schema.json", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_baseline(link, record([TABLE], []))
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_baseline(path).facts == record([TABLE], []).facts


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_baseline(tmp_path / "schema.json", record([TABLE], []))
    assert (tmp_path / "schema.json").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("name", ["no folder/schema.json", "."])
def test_a_path_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match=re.escape(f"{tmp_path / name} cannot be written: ")):
        write_baseline(tmp_path / name, record([TABLE], []))


def test_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(SetupError, match="File too large"):
            write_baseline(path, record([TABLE], []))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("schema.json", "old")]


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_baseline(pipe, record([TABLE], []))
        assert b"agentctl-baseline/1" in os.read(reader, 65536)
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_baseline_of_everything_says_so_and_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    write_baseline(path, record([TABLE], [FUNCTION], whole=True))
    assert path.read_text().startswith(
        '{\n  "schema": "agentctl-baseline/1",\n  "scope": "whole",\n  "facts": {'
    )
    assert read_baseline(path) == replace(
        record([TABLE], [FUNCTION], whole=True), file=path, lines=read_baseline(path).lines
    )


def test_a_baseline_of_agentctls_tables_is_written_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    write_baseline(path, record([TABLE], [FUNCTION]))
    assert json.loads(path.read_text()).keys() == {"schema", "facts"}
    assert read_baseline(path).whole is False


def test_a_whole_baseline_records_which_columns_a_sequence_fills() -> None:
    filled = replace(TABLE, columns=(column("id", nullable=False, sequence="public.t_id_seq"),))
    assert record([filled], []).facts["public.t.id"] == "integer not null"
    whole = record([filled], [], whole=True).facts["public.t.id"]
    assert whole == "integer not null generated by default as identity"


def test_an_unknown_scope_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{\n"schema": "agentctl-baseline/1",\n"scope": "half",\n"facts": {}}')
    with pytest.raises(ConfigError, match=r"schema.json, line 3: this is not a baseline: its scope is half"):
        read_baseline(path)
