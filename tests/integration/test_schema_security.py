"""What a customer's browser could do to credits, as schema-check reports it; each hint closes its finding."""

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import get_marketplace
from agentctl.core.schema_check.schema_check import find_among
from agentctl.core.schema_check.subjects import list_money_subjects
from support.marketplace import Marketplace

_OPEN_ADD = "GRANT EXECUTE ON FUNCTION add_credits_atomic TO {}"
_OPEN_BALANCE = "GRANT UPDATE (credits) ON profiles TO authenticated"
_OWN_PROFILE = "CREATE POLICY own ON profiles FOR UPDATE TO authenticated USING (true)"


def found(marketplace: Marketplace, *statements: str) -> list[Finding]:
    """Prepare a marketplace as on Supabase, and return the findings."""
    for statement in statements:
        marketplace.execute(statement.encode())
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        return list(find_among(list_money_subjects(get_marketplace(introspect(connection)))))


def test_the_reference_schema_has_no_open_access(marketplace: Marketplace) -> None:
    assert found(marketplace) == []


@pytest.mark.parametrize("role", ["PUBLIC", "anon", "authenticated"])
def test_finds_a_function_that_customers_may_execute_with_a_hint_that_closes_it(
    marketplace: Marketplace, role: str
) -> None:
    (exposed,) = found(marketplace, _OPEN_ADD.format(role))

    assert (exposed.id, exposed.object) == ("function-exposed", "add_credits_atomic")
    assert role in exposed.message
    assert found(marketplace, str(exposed.hint)) == []


def test_a_function_that_checks_the_signed_in_user_is_only_info(marketplace: Marketplace) -> None:
    marketplace.execute(
        "CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, "
        "p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS "
        "$$ BEGIN IF auth.uid() <> p_user_id THEN RAISE 'no'; END IF; RETURN NULL; END $$"
    )
    (exposed,) = found(marketplace, "GRANT EXECUTE ON FUNCTION deduct_credits_atomic TO authenticated")
    assert (exposed.id, exposed.severity) == ("function-exposed", "info")


def test_finds_a_security_definer_function_without_a_path_with_a_hint_that_pins_it(
    marketplace: Marketplace,
) -> None:
    (unpinned,) = found(marketplace, "ALTER FUNCTION add_credits_atomic RESET search_path")

    assert (unpinned.id, unpinned.object) == ("function-search-path", "add_credits_atomic")
    assert found(marketplace, str(unpinned.hint)) == []


def test_a_balance_is_open_if_privilege_and_policy_both_allow_changes(
    marketplace: Marketplace,
) -> None:
    assert found(marketplace, _OPEN_BALANCE) == []

    (writable,) = found(marketplace, _OWN_PROFILE)

    assert (writable.id, writable.object) == ("balance-writable", "profiles (UPDATE)")
    assert found(marketplace, str(writable.hint)) == []


def test_a_balance_without_row_level_security_needs_no_policy_to_be_open(marketplace: Marketplace) -> None:
    (writable,) = found(marketplace, _OPEN_BALANCE, "ALTER TABLE profiles DISABLE ROW LEVEL SECURITY")
    assert writable.id == "balance-writable"


@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE"])
def test_finds_a_ledger_that_customers_may_write_with_a_hint_that_closes_it(
    marketplace: Marketplace, privilege: str
) -> None:
    grant = f"GRANT {privilege} ON credit_transactions TO anon"
    assert found(marketplace, grant) == []

    (writable,) = found(marketplace, "CREATE POLICY everything ON credit_transactions USING (true)")

    assert (writable.id, writable.object) == ("ledger-writable", f"credit_transactions ({privilege})")
    assert found(marketplace, str(writable.hint)) == []


def test_truncating_the_ledger_needs_no_policy(marketplace: Marketplace) -> None:
    (writable,) = found(marketplace, "GRANT TRUNCATE ON credit_transactions TO authenticated")
    assert writable.object == "credit_transactions (TRUNCATE)"


def test_revokes_a_privilege_from_public_if_a_policy_admits_customers(
    marketplace: Marketplace,
) -> None:
    (writable,) = found(
        marketplace,
        "GRANT UPDATE ON credit_transactions TO PUBLIC",
        "CREATE POLICY mine ON credit_transactions TO authenticated USING (true)",
    )
    assert writable.message.startswith("authenticated (through PUBLIC) may UPDATE")
    assert found(marketplace, str(writable.hint)) == []


def test_revokes_a_privilege_from_the_group_whose_policy_admits_it(
    marketplace: Marketplace,
) -> None:
    marketplace.add_role("web")
    group = f"{marketplace.name}_web"
    (writable,) = found(
        marketplace,
        f"GRANT {group} TO authenticated",
        f"GRANT DELETE ON credit_transactions TO {group}",
        f"CREATE POLICY theirs ON credit_transactions TO {group} USING (true)",
    )
    assert writable.message.startswith(f"authenticated (through {group}) may DELETE")
    assert found(marketplace, str(writable.hint)) == []


def test_a_privilege_on_columns_opens_the_ledger_too(marketplace: Marketplace) -> None:
    (writable,) = found(
        marketplace,
        "GRANT INSERT (user_id, type, amount, balance_after) ON credit_transactions TO authenticated",
        "CREATE POLICY own ON credit_transactions FOR INSERT WITH CHECK (user_id IS NOT NULL)",
    )
    assert writable.object == "credit_transactions (INSERT)"
    assert found(marketplace, str(writable.hint)) == []


@pytest.mark.parametrize(
    "policies",
    [
        ("CREATE POLICY no ON credit_transactions USING (false)",),
        (
            "CREATE POLICY yes ON credit_transactions USING (true)",
            "CREATE POLICY no ON credit_transactions AS RESTRICTIVE USING (false)",
        ),
        (
            "CREATE POLICY yes ON credit_transactions USING (true)",
            "CREATE POLICY no ON credit_transactions AS RESTRICTIVE FOR INSERT WITH CHECK (false)",
            "CREATE POLICY none ON credit_transactions AS RESTRICTIVE FOR UPDATE WITH CHECK (false)",
            "CREATE POLICY never ON credit_transactions AS RESTRICTIVE FOR DELETE USING (false)",
        ),
    ],
    ids=["permissive", "restrictive", "restrictive for each command"],
)
def test_policies_that_refuse_close_what_privileges_open(
    marketplace: Marketplace, policies: tuple[str, ...]
) -> None:
    grant = "GRANT INSERT, UPDATE, DELETE ON credit_transactions TO authenticated"
    assert found(marketplace, grant, *policies) == []


def test_a_restrictive_policy_closes_its_own_command_only(marketplace: Marketplace) -> None:
    (writable,) = found(
        marketplace,
        "GRANT UPDATE, DELETE ON credit_transactions TO authenticated",
        "CREATE POLICY yes ON credit_transactions USING (true)",
        "CREATE POLICY no ON credit_transactions AS RESTRICTIVE FOR DELETE USING (false)",
    )
    assert writable.object == "credit_transactions (UPDATE)"


def test_finds_profiles_that_customers_may_insert_with_any_balance(marketplace: Marketplace) -> None:
    (writable,) = found(
        marketplace,
        "GRANT INSERT ON profiles TO authenticated",
        "CREATE POLICY own ON profiles FOR INSERT TO authenticated WITH CHECK (id IS NOT NULL)",
    )
    assert (writable.id, writable.object) == ("balance-writable", "profiles (INSERT)")
    assert found(marketplace, str(writable.hint)) == []


def test_closing_a_balance_leaves_the_other_columns_as_open_as_they_were(marketplace: Marketplace) -> None:
    (writable,) = found(
        marketplace,
        "GRANT UPDATE ON profiles TO authenticated",
        "GRANT UPDATE (credits, full_name) ON profiles TO anon",
        "CREATE POLICY own ON profiles FOR UPDATE USING (true)",
    )
    assert writable.message.startswith("anon and authenticated may UPDATE credits of profiles")

    assert found(marketplace, str(writable.hint)) == []
    held = marketplace.execute(
        "SELECT role || ' ' || column_name FROM unnest(ARRAY['anon', 'authenticated']) AS role,"
        " unnest(ARRAY['credits', 'email', 'full_name']) AS column_name"
        " WHERE has_column_privilege(role, 'profiles', column_name, 'UPDATE') ORDER BY 1"
    )
    assert [row[0] for row in held] == ["anon full_name", "authenticated email", "authenticated full_name"]


def test_finds_executions_that_customers_may_change_with_a_hint_that_closes_them(
    marketplace: Marketplace,
) -> None:
    (writable,) = found(
        marketplace,
        "GRANT UPDATE ON agent_executions TO authenticated",
        "CREATE POLICY own ON agent_executions FOR UPDATE TO authenticated USING (true)",
    )
    assert (writable.id, writable.object) == ("executions-writable", "agent_executions (UPDATE)")
    assert "UPDATE status, user_id of" in writable.message
    assert found(marketplace, str(writable.hint)) == []


@pytest.mark.parametrize("table", ["profiles", "agent_executions", "credit_transactions"])
def test_finds_rows_that_everybody_may_read_with_a_hint_that_hides_them(
    marketplace: Marketplace, table: str
) -> None:
    off = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
    assert found(marketplace, off) == []

    (unprotected,) = found(marketplace, f"GRANT SELECT ON {table} TO anon")

    assert (unprotected.id, unprotected.object) == ("row-security-off", table)
    assert found(marketplace, str(unprotected.hint)) == []


def test_a_schema_without_usage_for_customers_is_closed_despite_grants(
    marketplace: Marketplace,
) -> None:
    granted = (_OPEN_ADD.format("PUBLIC"), _OPEN_BALANCE, _OWN_PROFILE)
    assert len(found(marketplace, *granted)) == 2
    assert found(marketplace, "REVOKE USAGE ON SCHEMA public FROM PUBLIC") == []


def test_a_function_that_gives_credits_is_a_warning_even_if_it_checks_the_signed_in_user(
    marketplace: Marketplace,
) -> None:
    marketplace.execute(
        "CREATE OR REPLACE FUNCTION add_credits_atomic(p_user_id uuid, p_amount integer, "
        "p_type text DEFAULT 'purchase', p_purchase_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS "
        "$$ BEGIN IF auth.uid() <> p_user_id THEN RAISE 'no'; END IF; RETURN NULL; END $$"
    )
    (exposed,) = found(marketplace, _OPEN_ADD.format("authenticated"))
    assert (exposed.id, exposed.severity) == ("function-exposed", "warning")


def test_checks_every_overload_and_every_other_function_that_moves_credits(
    marketplace: Marketplace,
) -> None:
    hints = [
        str(finding.hint)
        for finding in found(
            marketplace,
            "CREATE FUNCTION deduct_credits_atomic(p_user_id text, p_amount bigint) RETURNS void LANGUAGE sql"
            " AS ''",
            "CREATE FUNCTION spend_credits(p_user_id uuid, p_amount integer) RETURNS void LANGUAGE sql AS ''",
            "CREATE FUNCTION say_hello() RETURNS void LANGUAGE sql AS ''",
        )
    ]
    assert len(hints) == 2
    assert found(marketplace, *hints) == []


def test_the_pinned_path_is_the_functions_current_path_quoted_as_needed(
    marketplace: Marketplace,
) -> None:
    (unpinned,) = found(
        marketplace,
        'CREATE SCHEMA "My Shop"',
        'ALTER FUNCTION add_credits_atomic SET SCHEMA "My Shop"',
        'ALTER FUNCTION "My Shop".add_credits_atomic RESET search_path',
        f'ALTER DATABASE {marketplace.name} SET search_path = public, "My Shop"',
    )
    assert found(marketplace, str(unpinned.hint)) == []
    (user,) = marketplace.execute("SELECT id FROM profiles LIMIT 1")[0]
    (answer,) = marketplace.execute('SELECT "My Shop".add_credits_atomic(%s, 5)', (user,))[0]
    assert answer["success"] is True


@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE (amount)"])
def test_does_not_infer_the_sign_from_a_ledger_that_customers_write(
    marketplace: Marketplace, privilege: str
) -> None:
    marketplace.execute("ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign")
    marketplace.execute("UPDATE credit_transactions SET amount = -1 WHERE amount = 3")

    def sign() -> str | None:
        with read_database_url(marketplace.url, source="a test").connect() as connection:
            return get_marketplace(introspect(connection)).require_ledger().sign_known

    assert sign() == "negative amounts in its rows"
    marketplace.execute(
        f"GRANT {privilege} ON credit_transactions TO authenticated; "
        "CREATE POLICY own ON credit_transactions TO authenticated USING (true)".encode()
    )
    assert sign() is None
