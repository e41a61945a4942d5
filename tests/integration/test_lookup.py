"""Looking up an execution by its id or a prefix of it, and a user by id or e-mail address."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import LiteralString
from uuid import UUID

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits.users import get_user
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.errors import PermissionDenied, Refused
from agentctl.core.executions.lookup import find_execution, get_execution
from agentctl.core.mapping import Marketplace as Parts
from agentctl.core.mapping import get_marketplace
from support.executions import OPS, POOR, SEO_BLOG, plant
from support.marketplace import OPTIONAL_COLUMNS, Marketplace

ONE = UUID("abcdef00-0000-4000-8000-000000000001")
TWO = UUID("abcdef00-0000-4000-8000-000000000002")


@contextmanager
def opened(marketplace: Marketplace, url: str | None = None) -> Iterator[tuple[Connection, Parts]]:
    with read_database_url(url or marketplace.url, source="a test").connect() as connection:
        yield connection, get_marketplace(introspect(connection))


def refusal(marketplace: Marketplace, text: str) -> Refused:
    with opened(marketplace) as (connection, parts), pytest.raises(Refused) as refused:
        get_execution(connection, parts, text)
    return refused.value


@pytest.mark.parametrize(
    "text",
    [
        str(ONE),
        str(ONE).upper(),
        ONE.hex,
        f"  {ONE}\n",
        "abcdef00-0000-4000-8000-00000000000",
        "abcdef00000",
        "AbC",
        "a",
    ],
)
def test_finds_an_execution_by_any_prefix_of_its_id(marketplace: Marketplace, text: str) -> None:
    plant(marketplace, key=ONE, status="failed", charged=10)
    plant(marketplace, key=UUID("bbcdef00-0000-4000-8000-000000000001"))

    with opened(marketplace) as (connection, parts):
        found = get_execution(connection, parts, text)

    assert (found.id, found.status, found.charged, found.user.email, found.agent.slug) == (
        ONE,
        "failed",
        10,
        "ops@example.com",
        "seo-blog",
    )


def test_returns_an_execution_with_all_its_fields(marketplace_factory: Callable[..., Marketplace]) -> None:
    marketplace = marketplace_factory(columns=OPTIONAL_COLUMNS)
    plant(marketplace, key=ONE, inputs='{"topic": "Tea"}', result="[1]", error="oh", credits_used=3)

    with opened(marketplace) as (connection, parts):
        found = get_execution(connection, parts, "abc")
        again = find_execution(connection, parts, ONE)

    assert (found.inputs, found.result, found.error, found.credits_used) == ({"topic": "Tea"}, [1], "oh", 3)
    assert again == found


@pytest.mark.parametrize(
    "text",
    [
        "ffffffff",
        str(TWO),
        "",
        "   ",
        "-",
        "xyz",
        "abcdeg",
        "a%",
        "a_",
        "'; DROP TABLE agent_executions; --",
        "{abcdef}",
        "urn:uuid:abcdef00",
        "\u0661",
        "a\0",
        "0" * 33,
        "a" * 10_000,
        f"{ONE}0",
    ],
)
def test_a_prefix_of_no_id_finds_no_execution(marketplace: Marketplace, text: str) -> None:
    plant(marketplace, key=ONE)

    assert refusal(marketplace, text).code == "execution_not_found"


def test_lists_the_executions_that_share_a_prefix(marketplace: Marketplace) -> None:
    plant(marketplace, key=ONE)
    plant(marketplace, key=TWO)

    error = refusal(marketplace, "abcdef")
    assert error.code == "execution_ambiguous"
    assert str(ONE) in error.message
    assert str(TWO) in error.message
    assert "…" not in error.message

    with opened(marketplace) as (connection, parts):
        assert get_execution(connection, parts, str(TWO)).id == TWO


def test_lists_only_a_few_of_many_executions_that_share_a_prefix(marketplace: Marketplace) -> None:
    for last in range(9):
        plant(marketplace, key=UUID(int=ONE.int + last))

    message = refusal(marketplace, "a").message
    assert message.count("\n  abcdef00-") == 5
    assert message.endswith("…")


def test_finds_an_execution_by_an_id_of_another_type(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE credit_transactions ALTER execution_id TYPE text")
    marketplace.execute("ALTER TABLE agent_executions ALTER id DROP DEFAULT, ALTER id TYPE text")
    insert: LiteralString = "INSERT INTO agent_executions (id, user_id, agent_id) VALUES (%s, %s, %s)"
    for key in ("run_1", "run_12", "RUN%", "x"):
        marketplace.execute(insert, (key, OPS, SEO_BLOG))

    with opened(marketplace) as (connection, parts):
        assert get_execution(connection, parts, "run%").id == "RUN%"
        assert get_execution(connection, parts, "run_12").id == "run_12"
        assert get_execution(connection, parts, "X").id == "x"
        assert get_execution(connection, parts, "run_1").id == "run_1"
        with pytest.raises(Refused, match="Several"):
            get_execution(connection, parts, "run")
        with pytest.raises(Refused, match="no execution"):
            get_execution(connection, parts, "")


def test_an_id_of_text_is_first_taken_as_it_is_typed(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE credit_transactions ALTER execution_id TYPE text")
    marketplace.execute("ALTER TABLE agent_executions ALTER id DROP DEFAULT, ALTER id TYPE text")
    insert: LiteralString = "INSERT INTO agent_executions (id, user_id, agent_id) VALUES (%s, %s, %s)"
    for key in ("run_a", "RUN_A", "RUN_B1"):
        marketplace.execute(insert, (key, OPS, SEO_BLOG))

    with opened(marketplace) as (connection, parts):
        assert get_execution(connection, parts, "RUN_A").id == "RUN_A"
        assert get_execution(connection, parts, "run_").id == "run_a"
        assert get_execution(connection, parts, "run_b").id == "RUN_B1"
        for text in ("RUN_", "Run_"):
            with pytest.raises(Refused, match="Several"):
                get_execution(connection, parts, text)


def test_finds_a_numeric_id_only_by_the_whole_number(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE credit_transactions DROP execution_id, ADD execution_id bigint")
    marketplace.execute("ALTER TABLE agent_executions DROP id, ADD id bigserial PRIMARY KEY")
    insert: LiteralString = "INSERT INTO agent_executions (id, user_id, agent_id) VALUES (%s, %s, %s)"
    for key in (1, 12):
        marketplace.execute(insert, (key, OPS, SEO_BLOG))

    with opened(marketplace) as (connection, parts):
        assert get_execution(connection, parts, "1").id == 1
        assert get_execution(connection, parts, "12").id == 12
        for text in ("2", "-1", "1.0", "0x1", "1e0", "9" * 18, "9" * 30, "abc", ""):
            with pytest.raises(Refused, match="no execution"):
                get_execution(connection, parts, text)


@pytest.mark.parametrize(
    ("key", "user"),
    [("ops@example.com", OPS), ("OPS@Example.COM", OPS), (str(OPS), OPS), (str(POOR).upper(), POOR)],
)
def test_finds_a_user_by_email_or_id_in_any_case(marketplace: Marketplace, key: str, user: UUID) -> None:
    with opened(marketplace) as (connection, parts):
        assert get_user(connection, parts.users, key).id == user


@pytest.mark.parametrize("key", ["", "nobody@example.com", "ops", "%", str(ONE), "' OR true --"])
def test_refuses_an_unknown_user(marketplace: Marketplace, key: str) -> None:
    with opened(marketplace) as (connection, parts), pytest.raises(Refused, match="no user") as refused:
        get_user(connection, parts.users, key)
    assert refused.value.code == "user_not_found"


def test_distinguishes_emails_that_differ_only_in_case(marketplace: Marketplace) -> None:
    marketplace.execute("UPDATE profiles SET email = 'OPS@example.com' WHERE id = %s", (POOR,))

    with opened(marketplace) as (connection, parts):
        assert get_user(connection, parts.users, "ops@example.com").id == OPS
        assert get_user(connection, parts.users, "OPS@example.com").id == POOR
        with pytest.raises(Refused, match="2 users match") as refused:
            get_user(connection, parts.users, "Ops@example.com")
    assert str(OPS) in refused.value.message
    assert str(POOR) in refused.value.message


def test_does_not_call_a_row_absent_that_row_level_security_hides(marketplace: Marketplace) -> None:
    plant(marketplace, key=ONE)
    url = marketplace.add_role("reader")
    marketplace.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {marketplace.name}_reader".encode())

    with opened(marketplace, url) as (connection, parts):
        with pytest.raises(PermissionDenied, match="agent_executions"):
            get_execution(connection, parts, "abc")
        with pytest.raises(PermissionDenied, match="profiles"):
            get_user(connection, parts.users, "ops@example.com")


def test_hints_at_rows_that_a_policy_may_hide(marketplace: Marketplace) -> None:
    plant(marketplace, key=ONE)
    url = marketplace.add_role("reader")
    marketplace.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {marketplace.name}_reader".encode())
    marketplace.execute("CREATE POLICY own ON agent_executions USING (user_id = gen_random_uuid())")
    marketplace.execute("CREATE POLICY own ON profiles USING (id = gen_random_uuid())")

    with opened(marketplace, url) as (connection, parts):
        for refused in (
            lambda: get_execution(connection, parts, "abc"),
            lambda: get_user(connection, parts.users, "ops@example.com"),
        ):
            with pytest.raises(Refused) as error:
                refused()
            assert "Row level security may hide" in (error.value.hint or "")
