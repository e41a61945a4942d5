"""Ledgers with a column for what leaves and one for what comes: the application's own sums stay right."""

import tomllib
from decimal import Decimal
from typing import Any, LiteralString

import pytest

from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
LEDGERS: dict[str, tuple[LiteralString, LiteralString, LiteralString]] = {
    # The columns, what they are called: debit, credit.
    "zeros": ("debit integer NOT NULL DEFAULT 0, credit integer NOT NULL DEFAULT 0", "debit", "credit"),
    "required": ("debits integer NOT NULL, credits integer NOT NULL", "debits", "credits"),
    "nulls": (
        "debit integer, credit integer, CHECK ((debit IS NULL) <> (credit IS NULL))",
        "debit",
        "credit",
    ),
    "positive or null": (
        (
            "debit_amount numeric(12,2) CHECK (debit_amount > 0), "
            "credit_amount numeric(12,2) CHECK (credit_amount > 0)"
        ),
        "debit_amount",
        "credit_amount",
    ),
    "unconstrained": ("amount_debited bigint, amount_credited bigint", "amount_debited", "amount_credited"),
    "in and out": ('"creditsOut" integer, "creditsIn" integer', '"creditsOut"', '"creditsIn"'),
    "withdrawal and deposit": (
        "withdrawal smallint DEFAULT 0, deposit smallint DEFAULT 0",
        "withdrawal",
        "deposit",
    ),
    "a net amount that is computed": (
        (
            "debit integer NOT NULL DEFAULT 0, credit integer NOT NULL DEFAULT 0, "
            "amount integer GENERATED ALWAYS AS (credit - debit) STORED"
        ),
        "debit",
        "credit",
    ),
}
READING = (("agents",), ("history",), ("credits",), ("credits", "--user", OPS), ("schema-check",), ("audit",))


def give_sides(shop: Shop, columns: str, debit: str, credit: str, *, rows: bool = True) -> None:
    """Replace the ledger by one with two columns for amounts, and the opening balances as its rows."""
    empty = "0" if "NOT NULL" in columns or "DEFAULT 0" in columns else "NULL"
    shop.marketplace.execute(
        f"""
        DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; DROP TABLE credit_transactions;
        CREATE TABLE credit_transactions (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES profiles,
            execution_id uuid REFERENCES agent_executions, entry_type text NOT NULL
            CHECK (entry_type IN ('purchase', 'usage', 'refund', 'bonus')), {columns},
            created_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )""".encode()
    )
    if rows:
        shop.marketplace.execute(
            f"INSERT INTO credit_transactions (user_id, entry_type, {debit}, {credit}) "
            f"SELECT id, 'purchase', {empty}, credits FROM profiles".encode()
        )


def read_books(shop: Shop, debit: str, credit: str) -> list[tuple[str, int | None, int | None]]:
    """Return the rows that came; require that balances agree with the sums of the application."""
    wrong = shop.marketplace.execute(
        f"SELECT id FROM profiles p WHERE credits <> (SELECT coalesce(sum({credit}), 0) - "
        f"coalesce(sum({debit}), 0) FROM credit_transactions t WHERE t.user_id = p.id)".encode()
    )
    assert wrong == []
    return shop.marketplace.execute(
        f"SELECT entry_type, {debit}, {credit} FROM credit_transactions WHERE entry_type <> 'purchase' "
        "ORDER BY created_at".encode()
    )


@pytest.mark.parametrize("ledger", LEDGERS)
def test_each_movement_is_on_its_own_side(shop: Shop, ledger: str) -> None:
    columns, debit, credit = LEDGERS[ledger]
    give_sides(shop, columns, debit, credit)
    empty = 0 if "NOT NULL" in columns or "DEFAULT 0" in columns else None

    ran = shop.run_json("seo-blog", "topic=Tea")["data"]
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    failed = shop.run_json("seo-blog", "topic=Tea", exit_code=1)["data"]
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0

    assert read_books(shop, debit, credit) == [
        ("usage", 10, empty),
        ("usage", 10, empty),
        ("refund", empty, 10),
        ("bonus", empty, 7),
    ]
    assert {name: Decimal(amount) for name, amount in ran["credits"].items()} == {
        "cost": 10,
        "charged": 10,
        "refunded": 0,
        "balance_before": 100,
        "balance_after": 90,
    }
    assert [int(Decimal(failed["credits"][name])) for name in ("refunded", "balance_after")] == [10, 90]
    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    totals = shop.program("credits", "--json").json["data"]["ledger"]
    assert {kind["type"]: Decimal(kind["amount"]) for kind in totals} == {
        "purchase": 103,
        "usage": -20,
        "refund": 10,
        "bonus": 7,
    }


def test_init_writes_the_two_columns_and_its_configuration_works(shop: Shop) -> None:
    columns, debit, credit = LEDGERS["nulls"]
    give_sides(shop, columns, debit, credit)
    config = shop.program.home / "agentctl.toml"
    config.unlink()
    shop.program("init", "--database-url", shop.marketplace.url)

    section = tomllib.loads(config.read_text())["profiles"]["default"]["schema"]["ledger"]
    assert (section["debit"], section["credit"]) == (debit, credit)
    assert "amount" not in section
    assert "sign" not in section
    assert shop.program("run", "seo-blog", "topic=Tea", "--user", OPS).exit_code == 0
    assert read_books(shop, debit, credit) == [("usage", 10, None)]


def test_an_amount_beside_the_two_is_written_as_well(shop: Shop) -> None:
    """The application may read either: both say the same."""
    columns = "debit integer, credit integer, amount integer NOT NULL CHECK (amount > 0)"
    give_sides(shop, columns, "debit", "credit", rows=False)
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (user_id, entry_type, credit, amount) "
        "SELECT id, 'purchase', credits, credits FROM profiles"
    )

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0

    assert read_books(shop, "debit", "credit") == [("usage", 10, None), ("bonus", None, 7)]
    amounts = shop.marketplace.execute(
        "SELECT amount FROM credit_transactions WHERE entry_type <> 'purchase' ORDER BY created_at"
    )
    assert amounts == [(10,), (7,)]
    assert shop.program("audit").exit_code == 0


@pytest.mark.parametrize(
    "columns",
    ["amount integer NOT NULL, tokens_in integer, tokens_out integer", "tokens_in integer, amount bigint"],
)
def test_tokens_of_a_language_model_are_no_sides(shop: Shop, columns: str) -> None:
    give_sides(shop, columns, "tokens_in", "amount")

    assert shop.program("credits", "--user", OPS).exit_code == 0
    totals = shop.program("credits", "--json").json["data"]["ledger"]
    assert [(kind["type"], int(Decimal(kind["amount"]))) for kind in totals] == [("purchase", 103)]


def settle(shop: Shop, hint: str) -> None:
    """Put the lines of a hint into the configuration, where it says."""
    head, *lines = hint.splitlines()
    section = head[head.index("[") + 1 : head.index("]")].replace("NAME", "test")
    config = shop.program.home / "agentctl.toml"
    config.write_text("\n".join((config.read_text(), f"[{section}]", *lines, "")))


@pytest.mark.parametrize("has_function", [False, True])
def test_books_from_the_side_of_the_house_are_refused_and_the_hint_settles_it(
    shop: Shop, *, has_function: bool
) -> None:
    """Its debit is what a user got: agentctl's own rows would turn every balance around."""
    columns, _, _ = LEDGERS["zeros"]
    give_sides(shop, columns, debit="credit", credit="debit")
    if has_function:
        shop.marketplace.execute(
            "CREATE FUNCTION deduct_credits(p_user_id uuid, p_amount integer, p_execution_id uuid) "
            "RETURNS void LANGUAGE sql AS $$ "
            "UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id; "
            "INSERT INTO credit_transactions (user_id, execution_id, entry_type, credit) "
            "VALUES (p_user_id, p_execution_id, 'usage', p_amount) $$"
        )

    refused: dict[str, Any] = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 3
    dry: dict[str, Any] = shop.run_json("seo-blog", "topic=Tea", "--dry-run", exit_code=3)["error"]
    assert dry == refused
    assert read_books(shop, debit="credit", credit="debit") == []
    assert shop.rows() == []

    settle(shop, refused["hint"])
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0
    assert read_books(shop, debit="credit", credit="debit") == [("usage", 10, 0), ("bonus", 0, 7)]
    assert shop.program("audit").exit_code == 0


def test_two_pairs_are_asked_about_and_each_line_of_the_hint_is_read(shop: Shop) -> None:
    give_sides(
        shop,
        "debit integer, credit integer, debit_amount integer, credit_amount integer",
        "debit_amount",
        "credit_amount",
    )

    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert "debit" in refused["message"]
    findings: list[dict[str, Any]] = shop.program("schema-check", "--json").json["data"]["findings"]
    chosen = []
    for side in ("debit", "credit"):
        (hint,) = [item["hint"] for item in findings if item["hint"] and f"  {side} =" in item["hint"]]
        head, *lines = hint.splitlines()
        chosen += [line for line in lines if f"{side}_amount" in line]
    settle(shop, "\n".join((head, *chosen)))

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert read_books(shop, "debit_amount", "credit_amount") == [("usage", 10, None)]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e131000"])
def test_no_row_of_a_customer_spoils_the_sums_of_others(shop: Shop, value: str) -> None:
    give_sides(shop, "debit numeric, credit numeric", "debit", "credit")
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (user_id, entry_type, debit, credit) "
        "SELECT id, 'purchase', -%s::numeric, %s::numeric FROM profiles WHERE email = 'poor@example.com'",
        [value, value],
    )

    assert shop.program("credits").exit_code == 0
    assert shop.program("audit", "--json").json["data"]["checks"] is not None
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0


def test_the_smallest_integers_end_no_statement(shop: Shop) -> None:
    give_sides(shop, "debit integer DEFAULT 0, credit integer DEFAULT 0", "debit", "credit")
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (user_id, entry_type, debit, credit) "
        "SELECT id, 'purchase', -2147483648, 2147483647 FROM profiles WHERE email = 'poor@example.com'"
    )

    assert shop.program("credits").exit_code == 0
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0


def test_a_ledger_without_kinds_is_read_by_its_sides(shop: Shop) -> None:
    columns, debit, credit = LEDGERS["zeros"]
    give_sides(shop, columns, debit, credit)
    shop.marketplace.execute("ALTER TABLE credit_transactions DROP COLUMN entry_type")

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 1

    rows = shop.marketplace.execute("SELECT debit, credit FROM credit_transactions ORDER BY created_at")
    assert rows[-3:] == [(10, 0), (10, 0), (0, 10)]
    assert shop.marketplace.execute(
        "SELECT credits - (SELECT sum(credit - debit) FROM credit_transactions t WHERE t.user_id = p.id) "
        "FROM profiles p"
    ) == [(0,), (0,)]
    assert shop.program("audit").exit_code == 0
