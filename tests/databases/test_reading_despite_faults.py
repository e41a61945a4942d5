"""Faults of writing block no reading, hidden rows are never zero, and a hint settles what it is about."""

from typing import Any

import pytest

from support.shop import Shop, configure

OPS = "ops@example.com"
READING = (("agents",), ("history",), ("credits",), ("credits", "--user", OPS))


@pytest.mark.parametrize("kind", ["varchar(20)", "bigint"])
def test_a_ledger_whose_reference_cannot_hold_an_id_is_read_and_its_hint_mends_it(
    shop: Shop, kind: str
) -> None:
    shop.marketplace.execute(
        "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
        "ALTER TABLE credit_transactions DROP COLUMN execution_id"
    )
    shop.marketplace.execute(f"ALTER TABLE credit_transactions ADD COLUMN execution_id {kind}".encode())

    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert "credit_transactions" in refused["message"]
    assert shop.rows() == []

    statement, _, _ = refused["hint"].partition("\n")
    if kind != "bigint":  # no number is a uuid
        shop.marketplace.execute(statement.encode())
        assert shop.run("seo-blog", "topic=Tea").exit_code == 0
        assert shop.program("audit").exit_code == 0


def read_as(shop: Shop, policy: str) -> None:
    """Let agentctl connect as a role that one policy admits to the users' rows."""
    url = shop.marketplace.add_role("guest")
    role = f"{shop.marketplace.name}_guest"
    shop.marketplace.execute(
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; "
        "ALTER TABLE profiles ENABLE ROW LEVEL SECURITY; "
        "ALTER TABLE credit_transactions DISABLE ROW LEVEL SECURITY; "
        f"CREATE POLICY guest ON profiles TO {role} USING ({policy})".encode()
    )
    configure(shop.program, shop.marketplace)
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace(shop.marketplace.url, url))


@pytest.mark.parametrize("policy", ["email = current_user", "false", "credits < 0"])
def test_hidden_users_are_not_counted_as_none(shop: Shop, policy: str) -> None:
    read_as(shop, policy)

    refused = shop.program("credits", "--json")

    assert refused.exit_code == 3
    assert refused.json["error"]["code"] == "row_level_security"


def test_totals_of_the_visible_users_say_so(shop: Shop) -> None:
    read_as(shop, f"email = '{OPS}'")

    shown = shop.program("credits", "--json")

    assert shown.exit_code == 0
    assert shown.json["data"]["users"] == 1
    assert "Row level security may hide users" in shown.stderr


def test_totals_of_all_users_need_no_note(shop: Shop) -> None:
    read_as(shop, "true")

    assert "Row level security" not in shop.program("credits").stderr


def test_a_form_that_is_an_object_of_fields_is_asked_for_and_judged(shop: Shop) -> None:
    shop.marketplace.execute(
        "UPDATE agents SET input_schema = "
        """'{"text": {"type": "string", "label": "Text", "required": true}}' WHERE name = 'SEO Blog'"""
    )

    missing: dict[str, Any] = shop.run_json("seo-blog", exit_code=2)["error"]
    assert "text" in missing["message"]
    assert shop.run("seo-blog", "text=Tea").exit_code == 0
    assert shop.webhook.requests[-1].json["inputs"] == {"text": "Tea"}
    assert "Text" in shop.program("agents", "seo-blog").stdout
