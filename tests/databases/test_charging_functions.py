"""Functions that charge, whatever they are called: found by their sources, called, and the books agree.

Where a source shows that a function adds, or takes something that it makes of its arguments, nothing is
charged before the operator has said what to do.
"""

from typing import LiteralString

import pytest

from support.shop import Shop, configure

RUN = ("seo-blog", "topic=Tea")
_ENTRY: LiteralString = (
    "INSERT INTO credit_transactions (user_id, execution_id, type, amount) VALUES (zwi, tam, 'usage', -plo);"
)
FUNCTIONS: dict[str, LiteralString] = {
    "BEGIN ATOMIC": """
        CREATE FUNCTION xyzzy(plo integer, tam uuid, zwi uuid) RETURNS void LANGUAGE sql
        BEGIN ATOMIC
          UPDATE profiles SET credits = credits - plo WHERE id = zwi AND credits >= plo;
          INSERT INTO credit_transactions (user_id, execution_id, type, amount)
          VALUES (zwi, tam, 'usage', -plo);
        END""",
    "a balance that is read and written": """
        CREATE FUNCTION xyzzy(tam uuid, zwi uuid, plo integer) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE v_old integer; v_new integer;
        BEGIN
          SELECT p.credits INTO v_old FROM profiles p WHERE p.id = zwi FOR UPDATE;
          IF v_old < plo THEN RAISE EXCEPTION 'not enough credits'; END IF;
          v_new := v_old - plo;
          UPDATE profiles SET credits = v_new WHERE id = zwi;
    """
    + _ENTRY
    + " RETURN v_new; END $$",
    "arguments by number": """
        CREATE FUNCTION xyzzy(tam uuid, plo integer, zwi uuid) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE v_user ALIAS FOR $3; v_taken CONSTANT integer := $2;
        BEGIN
          UPDATE profiles SET credits = credits - v_taken WHERE id = v_user;
          INSERT INTO credit_transactions (user_id, execution_id, type, amount)
          VALUES (v_user, $1, 'usage', - v_taken);
        END $$""",
    "something negated that is added": """
        CREATE FUNCTION xyzzy(zwi uuid, p_amount int DEFAULT 1000, plo int DEFAULT 0, tam uuid DEFAULT NULL)
        RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          IF plo > p_amount THEN RAISE EXCEPTION 'over the limit'; END IF;
          UPDATE profiles SET credits = credits + (-plo) WHERE id = zwi;
    """
    + _ENTRY
    + " END $$",
    "rows by way of WITH": """
        CREATE FUNCTION xyzzy(plo integer, zwi uuid, tam uuid) RETURNS void LANGUAGE sql AS $$
          WITH taken AS (UPDATE profiles p SET credits = p.credits - plo WHERE p.id = zwi RETURNING p.id)
          INSERT INTO credit_transactions (user_id, execution_id, type, amount)
          SELECT taken.id, tam, 'usage', -plo FROM taken $$""",
}
_WALLETS: LiteralString = """
    CREATE TABLE user_wallets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id uuid NOT NULL UNIQUE REFERENCES profiles, credits integer NOT NULL DEFAULT 0);
    INSERT INTO user_wallets (user_id, credits) SELECT id, credits FROM profiles;
    ALTER TABLE profiles DROP COLUMN credits;
    CREATE FUNCTION xyzzy(plo integer, zwi uuid, tam uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_user uuid;
    BEGIN
      UPDATE user_wallets SET credits = credits - plo WHERE id = zwi RETURNING user_id INTO v_user;
      INSERT INTO credit_transactions (user_id, execution_id, type, amount)
      VALUES (v_user, tam, 'usage', -plo);
    END $$"""


def replace_function(shop: Shop, script: LiteralString) -> None:
    shop.marketplace.execute("DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic")
    shop.marketplace.execute("ALTER TABLE credit_transactions ALTER balance_after DROP NOT NULL")
    shop.marketplace.execute(script)


def require_charge(shop: Shop) -> None:
    """Require that a run costs exactly its price, through the function."""
    done = shop.run_json(*RUN)["data"]

    assert done["credits"]["balance_after"] == 90
    assert shop.ledger() == [("usage", -10, done["execution"]["id"])]
    checked = shop.program("schema-check", "--json").json["data"]
    assert [item["usable"] for item in checked["functions"] if item["name"] == "xyzzy"] == [True]


@pytest.mark.parametrize("form", FUNCTIONS)
def test_charges_by_a_function_whose_name_says_nothing(shop: Shop, form: str) -> None:
    replace_function(shop, FUNCTIONS[form])

    require_charge(shop)
    assert shop.balances_agree()


def test_passes_the_key_of_the_wallet_to_a_function_that_asks_for_it(shop: Shop) -> None:
    replace_function(shop, _WALLETS)

    require_charge(shop)
    assert shop.marketplace.execute("SELECT credits FROM user_wallets ORDER BY 1") == [(3,), (90,)]


REFUSED: dict[str, LiteralString] = {
    "adds": "UPDATE profiles SET credits = credits + p_amount WHERE id = p_user_id;",
    "adds by way of a variable": "p_amount := -p_amount; "
    "UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id;",
    "takes a multiple": "UPDATE profiles SET credits = credits - p_amount * 10 WHERE id = p_user_id;",
    "takes two": "UPDATE profiles SET credits = credits - p_amount - p_fee WHERE id = p_user_id;",
}


@pytest.mark.parametrize("form", REFUSED)
def test_a_function_that_does_not_take_its_amount_is_asked_about_before_anything_is_charged(
    shop: Shop, form: str
) -> None:
    head: LiteralString = "CREATE FUNCTION charge_credits(p_user_id uuid, p_amount int, p_fee int DEFAULT 1)"
    replace_function(shop, head + " RETURNS void LANGUAGE plpgsql AS $$ BEGIN " + REFUSED[form] + " END $$")

    error = shop.run_json(*RUN, exit_code=3)["error"]

    assert error["code"] == "function_unusable"
    assert (shop.ledger(), shop.rows(), shop.webhook.requests) == ([], [], [])

    configure(shop.program, shop.marketplace, '[profiles.test.schema.deduct]\nfunction = ""')
    assert shop.run_json(*RUN)["data"]["credits"]["balance_after"] == 90
    assert shop.balances_agree()


def test_the_printed_line_says_which_argument_is_the_amount(shop: Shop) -> None:
    head: LiteralString = "CREATE FUNCTION charge_credits(p_user_id uuid, p_amount integer, p_times integer)"
    body: LiteralString = "UPDATE profiles SET credits = credits - p_amount * p_times WHERE id = p_user_id;"
    replace_function(shop, head + " RETURNS void LANGUAGE plpgsql AS $$ BEGIN " + body + " END $$")

    hint = shop.run_json(*RUN, exit_code=3)["error"]["hint"]
    assert '  p_amount = "{amount}"' in hint.splitlines()

    lines = '[profiles.test.schema.deduct.arguments]\np_amount = "{amount}"\np_times = "1"'
    configure(shop.program, shop.marketplace, lines)
    assert shop.run_json(*RUN)["data"]["credits"]["balance_after"] == 90
    assert shop.balances_agree()
