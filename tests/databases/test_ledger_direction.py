"""Ledgers with a column for the direction of a movement: each row gets its own, and the books stay right."""

from typing import Any, LiteralString

import pytest

from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
_TEXT: LiteralString = "text CHECK (direction IN ('debit', 'credit'))"
LEDGERS: dict[str, tuple[LiteralString, LiteralString, LiteralString]] = {
    "debit and credit": (_TEXT, "'debit'", "'credit'"),
    "in and out": ("text CHECK (direction IN ('in', 'out', 'transfer'))", "'out'", "'in'"),
    "an enum": ("flow", "'OUTFLOW'", "'INFLOW'"),
    "a sign": ("smallint CHECK (direction IN (1, -1))", "-1", "1"),
    "a default": (_TEXT + " DEFAULT 'credit'", "'debit'", "'credit'"),
}


def give_direction(shop: Shop, kind: LiteralString, out: LiteralString, into: LiteralString) -> None:
    """Make the ledger's amounts positive, with a column for their direction that a CHECK ties to the kind."""
    shop.marketplace.execute(
        "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
        "CREATE TYPE flow AS ENUM ('INFLOW', 'OUTFLOW'); "
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign, "
        "ADD CHECK (amount > 0), ADD COLUMN direction " + kind + "; "
        "UPDATE credit_transactions SET direction = " + into + "; "
        "ALTER TABLE credit_transactions ALTER direction SET NOT NULL, ADD CONSTRAINT direction_fits CHECK ("
        "(type = 'usage' AND direction = " + out + ") OR (type <> 'usage' AND direction = " + into + "))"
    )


def read_books(shop: Shop) -> list[tuple[str, int, str]]:
    """Return kind, amount and direction of the rows that came; require that balances agree with all rows."""
    wrong = shop.marketplace.execute(
        "SELECT id FROM profiles p WHERE credits <> (SELECT sum(CASE type WHEN 'usage' THEN -amount ELSE "
        "amount END) FROM credit_transactions t WHERE t.user_id = p.id)"
    )
    assert wrong == []
    return shop.marketplace.execute(
        "SELECT type, amount, direction::text FROM credit_transactions WHERE type <> 'purchase' "
        "ORDER BY created_at"
    )


@pytest.mark.parametrize("ledger", LEDGERS)
def test_each_row_gets_its_own_direction(shop: Shop, ledger: str) -> None:
    kind, out, into = LEDGERS[ledger]
    give_direction(shop, kind, out, into)

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 1
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0

    taken, given = out.strip("'"), into.strip("'")
    assert read_books(shop) == [
        ("usage", 10, taken),
        ("usage", 10, taken),
        ("refund", 10, given),
        ("bonus", 7, given),
    ]
    assert shop.program("audit").exit_code == 0
    assert shop.program("schema-check").exit_code == 0


def test_booleans_say_the_direction_too(shop: Shop) -> None:
    shop.marketplace.execute(
        "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
        "ALTER TABLE credit_transactions ADD COLUMN is_debit boolean; "
        "UPDATE credit_transactions SET is_debit = false; "
        "ALTER TABLE credit_transactions ALTER is_debit SET NOT NULL"
    )

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0

    rows = shop.marketplace.execute(
        "SELECT type, is_debit FROM credit_transactions WHERE type <> 'purchase' ORDER BY created_at"
    )
    assert rows == [("usage", True), ("bonus", False)]


def test_a_direction_that_nobody_knows_is_asked_for_and_the_hint_settles_it(shop: Shop) -> None:
    give_direction(shop, "text CHECK (direction IN ('red', 'black'))", "'red'", "'black'")
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    findings: list[dict[str, Any]] = shop.program("schema-check", "--json").json["data"]["findings"]

    (hint,) = [finding["hint"] for finding in findings if finding["id"] == "column-unfilled"]
    assert not any("DROP" in (finding["hint"] or "") for finding in findings)
    lines = [line.strip() for line in hint.splitlines() if ".constants." in line]
    values = {"charge": "red", "refund": "black", "grant": "black"}
    config = shop.program.home / "agentctl.toml"
    written = [line.replace("NAME", "test").replace("] ", "]\n") for line in lines]
    text = "\n".join(
        line.replace('"TEXT"', f'"{values[line.partition("]")[0].rpartition(".")[2]]}"') for line in written
    )
    config.write_text(f"{config.read_text()}\n{text}\n")

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0
    assert read_books(shop) == [("usage", 10, "red"), ("bonus", 7, "black")]
    assert shop.program("audit").exit_code == 0


def test_a_rule_of_the_ledger_is_never_proposed_to_be_dropped(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE credit_transactions ADD CONSTRAINT small_refunds CHECK (type <> 'refund' OR amount < 0) "
        "NOT VALID"
    )

    findings = shop.program("schema-check", "--json").json["data"]["findings"]

    (hint,) = [finding["hint"] for finding in findings if finding["object"].endswith("small_refunds")]
    assert "DROP" not in hint
    assert "ledger.kinds" in hint
