"""What a customer's browser could do to credits, as schema-check finds it; each hint closes what it names."""

import pytest

from agentctl.core.catalog import introspect
from agentctl.core.database import at
from agentctl.core.findings import Finding
from agentctl.core.mapping import marketplace as mapped
from agentctl.core.schema_security import security_findings
from support.marketplace import Marketplace

_CUSTOMERS = """
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- roles belong to the server, which other tests share
        END;
    END LOOP;
END
$$
"""
_OPEN_ADD = "GRANT EXECUTE ON FUNCTION add_credits_atomic TO {}"
_OPEN_BALANCE = "GRANT UPDATE (credits) ON profiles TO authenticated"
_OWN_PROFILE = "CREATE POLICY own ON profiles FOR UPDATE TO authenticated USING (true)"


def found(marketplace: Marketplace, *statements: str) -> list[Finding]:
    """Prepare a marketplace as Supabase has it, and return what is found."""
    marketplace.execute(_CUSTOMERS.encode())
    for statement in statements:
        marketplace.execute(statement.encode())
    with at(marketplace.url, place="a test").connect() as connection:
        return list(security_findings(mapped(introspect(connection))))


def test_the_reference_schema_is_closed(marketplace: Marketplace) -> None:
    assert found(marketplace) == []


@pytest.mark.parametrize("role", ["PUBLIC", "anon", "authenticated"])
def test_a_function_that_customers_may_execute_is_found_and_its_hint_closes_it(
    marketplace: Marketplace, role: str
) -> None:
    (exposed,) = found(marketplace, _OPEN_ADD.format(role))

    assert (exposed.id, exposed.object) == ("function-exposed", "add_credits_atomic")
    assert role in exposed.message
    assert found(marketplace, str(exposed.hint)) == []


def test_a_function_that_asks_who_is_signed_in_is_only_told(marketplace: Marketplace) -> None:
    marketplace.execute(
        "CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, "
        "p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS "
        "$$ BEGIN IF auth.uid() <> p_user_id THEN RAISE 'no'; END IF; RETURN NULL; END $$"
    )
    (exposed,) = found(marketplace, "GRANT EXECUTE ON FUNCTION deduct_credits_atomic TO authenticated")
    assert (exposed.id, exposed.severity) == ("function-exposed", "info")


def test_a_function_with_its_owners_rights_and_any_path_is_found_and_its_hint_pins_it(
    marketplace: Marketplace,
) -> None:
    (unpinned,) = found(marketplace, "ALTER FUNCTION add_credits_atomic RESET search_path")

    assert (unpinned.id, unpinned.object) == ("function-search-path", "add_credits_atomic")
    assert found(marketplace, str(unpinned.hint)) == []


def test_a_balance_is_open_where_privilege_and_policy_both_let_it_be_changed(
    marketplace: Marketplace,
) -> None:
    assert found(marketplace, _OPEN_BALANCE) == []

    (writable,) = found(marketplace, _OWN_PROFILE)

    assert (writable.id, writable.object) == ("balance-writable", "profiles.credits")
    assert found(marketplace, "REVOKE UPDATE (credits) ON profiles FROM authenticated") == []


def test_a_balance_without_row_level_security_needs_no_policy_to_be_open(marketplace: Marketplace) -> None:
    (writable,) = found(marketplace, _OPEN_BALANCE, "ALTER TABLE profiles DISABLE ROW LEVEL SECURITY")
    assert writable.id == "balance-writable"


@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE"])
def test_a_ledger_that_customers_may_write_is_found_and_its_hint_closes_it(
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
