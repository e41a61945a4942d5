"""Reading a database executes nothing that its owners or guests have put there.

The attacker is a guest: a role that may create objects in `public`, and becomes a superuser as soon as the
reading superuser executes one of its functions.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from support.marketplace import Database
from support.shop import Shop
from support.weakened import Edits, weakened_program

# What a guest's functions do where the superuser executes them; as the guest they do nothing. That one is
# called immutable does not keep the other from writing.
_FUNCTIONS = """
CREATE FUNCTION ascend() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE pg_catalog.format('ALTER ROLE %I SUPERUSER', '{guest}');
EXCEPTION WHEN insufficient_privilege THEN NULL;
END
$$;
CREATE FUNCTION {signature} LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM public.ascend();
    RETURN NULL;
END
$$;
"""
_VIEW = """
CREATE TABLE harvest (id integer, status text);
INSERT INTO harvest VALUES (1, 'ripe');
CREATE VIEW fields AS SELECT status FROM harvest WHERE rise('x') IS NULL;
"""
_INDEX = """
CREATE TABLE barn (id integer, status text);
INSERT INTO barn VALUES (1, 'full');
CREATE INDEX ON barn ((rise('x')));
"""


@dataclass(frozen=True)
class Attack:
    """The objects that a guest creates, and the defence without which the attack works."""

    signature: str
    statements: str
    defence: Edits

    def prepare(self, database: Database) -> str:
        """Lay the trap, and return the guest's name."""
        url = database.add_role("guest")
        guest = f"{database.name}_guest"
        database.execute("GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC")
        functions = _FUNCTIONS.format(signature=self.signature, guest=guest)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute((functions + self.statements).encode())
        assert not _is_superuser(database, guest), "the trap must not spring when it is laid"
        return guest


def _is_superuser(database: Database, role: str) -> bool:
    return bool(database.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (role,))[0][0])


_ATTACKS = {
    "a function of ours is shadowed": Attack(
        "to_json(text[]) RETURNS json",
        "",
        {
            "core/catalog/catalog.sql": [
                ("pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), ", ""),
            ]
        },
    ),
    "a view has a function": Attack(
        "rise(text) RETURNS text",
        _VIEW,
        {
            "core/catalog/catalog.sql": [
                ("r.oid = ANY (SELECT oid FROM inspectable) AND ", ""),
                ("(r.relkind = 'p' OR pg_relation_size(r.oid) > 0)", "true"),
                (" TABLESAMPLE pg_catalog.system (100)", ""),
            ]
        },
    ),
    "an index has a function": Attack(
        "rise(text) RETURNS text",
        _INDEX,
        {"core/catalog/catalog.sql": [("OR f.oid = ANY (SELECT e.oid FROM entangled e)", "")]},
    ),
}
_LOOKS = (
    *("history", "schema-check", "credits", "agents", "run seo-blog topic=x --dry-run"),
    "migrate-full --dry-run",
)


@pytest.mark.parametrize("attack", _ATTACKS.values(), ids=_ATTACKS)
def test_no_role_becomes_superuser_when_the_operator_reads_the_database(shop: Shop, attack: Attack) -> None:
    guest = attack.prepare(shop.marketplace)

    for command in _LOOKS:
        assert shop.program(*command.split()).exit_code in {0, 6}, command

    assert not _is_superuser(shop.marketplace, guest)


@pytest.mark.parametrize("attack", _ATTACKS.values(), ids=_ATTACKS)
def test_each_attack_works_without_its_defence(shop: Shop, tmp_path: Path, attack: Attack) -> None:
    guest = attack.prepare(shop.marketplace)

    weakened_program(tmp_path / "weakened", shop.program.home, attack.defence)("history")

    assert _is_superuser(shop.marketplace, guest)
