"""Columns without words: numbers are asked about, and keys of a list are read there."""

from typing import Any, LiteralString

import pytest

from support.shop import Shop
from support.webhook_server import Reply

NUMBERS = {"pending": 0, "running": 1, "success": 2, "failed": 3}
PLAIN: LiteralString = """
    ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check, ALTER status DROP DEFAULT,
        ALTER status TYPE smallint USING 2;
"""
CHECKED: LiteralString = (
    PLAIN + "ALTER TABLE agent_executions ALTER status SET DEFAULT 0, ADD CHECK (status IN (0, 1, 2, 3));"
)
DOMAIN: LiteralString = """
    CREATE DOMAIN run_state AS integer CHECK (VALUE >= 0 AND VALUE <= 3);
    ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check, ALTER status DROP DEFAULT,
        ALTER status TYPE run_state USING 2;
"""
STATES: LiteralString = """
    CREATE TABLE run_states (id {} PRIMARY KEY, name text NOT NULL);
    INSERT INTO run_states VALUES ({}, 'queued'), ({}, 'running'), ({}, 'done'), ({}, 'error');
    ALTER TABLE agent_executions DROP COLUMN status, ADD COLUMN state_id {} REFERENCES run_states;
"""
CODES: LiteralString = """
    CREATE TABLE statuses (code text PRIMARY KEY);
    INSERT INTO statuses VALUES ('queued'), ('running'), ('done'), ('error');
    ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check,
        ALTER status SET DEFAULT 'queued', ADD FOREIGN KEY (status) REFERENCES statuses;
"""


def fill_states(key: LiteralString, keys: tuple[LiteralString, ...]) -> LiteralString:
    """Return the SQL of a table of states with keys of a type."""
    return STATES.format(key, *keys, key)


LISTS: dict[str, LiteralString] = {
    "numbers": fill_states("smallint", ("4", "3", "2", "1")),
    "identities": fill_states("bigint GENERATED ALWAYS AS IDENTITY", ("4", "3", "2", "1"))
    .replace("VALUES (4", "OVERRIDING SYSTEM VALUE VALUES (4")
    .replace("ADD COLUMN state_id bigint GENERATED ALWAYS AS IDENTITY", "ADD COLUMN state_id bigint"),
    "uuids": fill_states("uuid", tuple(f"'{n}0000000-0000-4000-8000-000000000000'" for n in "1234")),
    "short texts": fill_states("text", ("'q'", "'r'", "'d'", "'e'")),
    "words": CODES,
}


def find_hints(shop: Shop, check: str) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = shop.program("schema-check", "--json").json["data"]["findings"]
    return [item for item in findings if item["id"] == check]


def follow(shop: Shop, hint: str, wanted: str) -> None:
    """Put a line of a hint into the configuration, as it is printed, in the section that it names."""
    first, *lines = hint.splitlines()
    section = first[first.index("[profiles") :].rstrip(":").replace("NAME", "test")
    (line,) = [line.strip() for line in lines if line.strip() == wanted]
    config = shop.program.home / "agentctl.toml"
    text = config.read_text()
    text = text.replace(section, f"{section}\n{line}") if section in text else f"{text}\n{section}\n{line}\n"
    config.write_text(text)


def work(shop: Shop) -> None:
    """Run an agent that succeeds, one that fails and one that is settled later."""
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 1
    shop.answer(Reply.json({}, 502))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 5
    listed = shop.program("history", "--json").json["data"]["executions"]
    assert [row["status"] for row in listed] == ["running", "failed", "success"]
    assert shop.program("reconcile", "--stale-after", "0s", "--assume", "failed").exit_code == 0
    listed = shop.program("history", "--status", "failed", "--json").json["data"]["executions"]
    assert len(listed) == 2
    assert shop.balances_agree()
    assert shop.program("audit").exit_code == 0


@pytest.mark.parametrize("change", [CHECKED, DOMAIN], ids=["check", "domain"])
def test_numbers_of_a_check_are_offered_and_each_hint_is_followed(shop: Shop, change: LiteralString) -> None:
    shop.marketplace.execute(change)

    for _ in range(3):
        finding, *_rest = find_hints(shop, "status-unmapped")
        assert "and holds numbers" in finding["message"]
        word = finding["message"].rstrip(".").split()[-1]
        follow(shop, finding["hint"], f"{word} = {NUMBERS[word]}")

    assert find_hints(shop, "status-unmapped") == []
    work(shop)
    written = shop.marketplace.execute("SELECT status::integer FROM agent_executions ORDER BY created_at")
    assert written == [(2,), (3,), (3,)]


def test_numbers_that_nothing_lists_are_asked_for(shop: Shop) -> None:
    shop.marketplace.execute(PLAIN)

    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    assert shop.rows() == []
    findings = find_hints(shop, "status-unmapped")
    assert [finding["hint"].splitlines()[1].strip() for finding in findings] == [
        "running = NUMBER",
        "success = NUMBER",
        "failed = NUMBER",
    ]
    config = shop.program.home / "agentctl.toml"
    lines = "\n".join(f"{word} = {number}" for word, number in NUMBERS.items())
    config.write_text(f"{config.read_text()}\n[profiles.test.schema.executions.statuses]\n{lines}\n")
    work(shop)


def test_a_word_is_not_written_into_a_number(shop: Shop) -> None:
    shop.marketplace.execute(CHECKED)
    config = shop.program.home / "agentctl.toml"
    lines = "\n".join(f'{word} = "{word}"' for word in NUMBERS)
    config.write_text(f"{config.read_text()}\n[profiles.test.schema.executions.statuses]\n{lines}\n")

    refused = shop.run("seo-blog", "topic=Tea", "--json")

    assert (refused.exit_code, refused.json["error"]["code"]) == (3, "status_unmapped"), refused
    assert "smallint and holds numbers" in refused.json["error"]["message"]


def test_a_number_that_a_check_refuses_is_refused_before_the_database_does(shop: Shop) -> None:
    shop.marketplace.execute(CHECKED)
    config = shop.program.home / "agentctl.toml"
    lines = "running = 7\nsuccess = 2\nfailed = 3\n"
    config.write_text(f"{config.read_text()}\n[profiles.test.schema.executions.statuses]\n{lines}")

    assert [finding["object"] for finding in find_hints(shop, "check-refuses")]
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3


def test_the_kind_of_a_ledgers_row_may_be_a_number(shop: Shop) -> None:
    shop.marketplace.execute(
        "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
        "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conname FROM pg_constraint WHERE contype = 'c' "
        "AND conrelid = 'credit_transactions'::regclass LOOP "
        "EXECUTE format('ALTER TABLE credit_transactions DROP CONSTRAINT %I', c.conname); END LOOP; END $$; "
        "ALTER TABLE credit_transactions ALTER type DROP DEFAULT, ALTER type TYPE integer USING 4; "
        "ALTER TABLE credit_transactions ADD CHECK (type IN (1, 2, 3, 4)), "
        "ADD CHECK ((type = 1) = (amount < 0))"
    )
    numbers = {"charge": 1, "refund": 2}

    for _ in numbers:
        finding, *_rest = find_hints(shop, "kind-unmapped")
        word = finding["message"].rstrip(".").split()[-1]
        follow(shop, finding["hint"], f"{word} = {numbers[word]}")

    assert find_hints(shop, "kind-unmapped") == []
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.balances_agree()
    assert shop.marketplace.execute("SELECT type, amount FROM credit_transactions WHERE type = 1") == [
        (1, -10)
    ]


@pytest.mark.parametrize("name", LISTS)
def test_words_are_read_from_the_table_that_lists_them(shop: Shop, name: str) -> None:
    shop.marketplace.execute(LISTS[name])

    assert find_hints(shop, "status-unmapped") == []
    work(shop)


def test_a_configured_word_of_a_list_is_found_by_its_name(shop: Shop) -> None:
    shop.marketplace.execute(LISTS["numbers"])
    shop.marketplace.execute("INSERT INTO run_states VALUES (9, 'aborted')")
    config = shop.program.home / "agentctl.toml"
    config.write_text(
        f'{config.read_text()}\n[profiles.test.schema.executions.statuses]\nfailed = "aborted"\n'
    )

    work(shop)

    assert shop.marketplace.execute("SELECT count(*) FROM agent_executions WHERE state_id = 9") == [(2,)]


def test_two_states_with_one_meaning_are_asked_about(shop: Shop) -> None:
    shop.marketplace.execute(LISTS["numbers"])
    shop.marketplace.execute("INSERT INTO run_states VALUES (9, 'completed')")

    (finding,) = find_hints(shop, "status-unmapped")
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    follow(shop, finding["hint"], 'success = "completed"')

    work(shop)


def test_a_list_that_customers_may_write_says_nothing(shop: Shop) -> None:
    shop.marketplace.execute(LISTS["numbers"])
    shop.marketplace.execute("GRANT INSERT, UPDATE ON run_states TO PUBLIC")

    assert len(find_hints(shop, "status-unmapped")) == 3
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    assert shop.rows() == []


@pytest.mark.parametrize("kind", ["char(1)", "varchar(6)"])
def test_no_half_of_a_word_is_written_into_a_short_text(shop: Shop, kind: LiteralString) -> None:
    shop.marketplace.execute(
        "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check, "
        f"ALTER status DROP DEFAULT, ALTER status TYPE {kind}".encode()
    )

    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    assert shop.rows() == []
    config = shop.program.home / "agentctl.toml"
    lines = "\n".join(f'{word} = "{word[0].upper()}"' for word in NUMBERS)
    config.write_text(f"{config.read_text()}\n[profiles.test.schema.executions.statuses]\n{lines}\n")
    work(shop)


@pytest.mark.parametrize("kind", ["jsonb USING to_jsonb(status)", "bytea USING status::bytea"])
def test_what_holds_no_words_is_said_to(shop: Shop, kind: LiteralString) -> None:
    shop.marketplace.execute(
        "DROP INDEX idx_agent_executions_status; ALTER TABLE agent_executions DROP CONSTRAINT "
        "agent_executions_status_check, ALTER status DROP DEFAULT, ALTER status TYPE "
        f"{kind}".encode()
    )

    finding, *_ = find_hints(shop, "status-unmapped")
    assert "holds no words" in finding["message"]
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    assert shop.program("history").exit_code == 0
