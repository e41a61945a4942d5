"""Columns that may be optional ones of another type are offered before others are added beside them."""

from typing import Any, LiteralString

import pytest

from support.shop import Shop

SIMILAR: dict[str, tuple[LiteralString, str, str]] = {
    # The column, what it may be, and its type.
    "a float": ('"creditsConsumed" double precision', "credits_used", "creditsConsumed"),
    "a usual name": ("credits_charged real DEFAULT 0", "credits_used", "credits_charged"),
    "a uuid": ('"workflowId" uuid', "workflow_id", "workflowId"),
    "a day": ('"startedAt" date', "started_at", "startedAt"),
    "another day": ("finished_at date", "completed_at", "finished_at"),
    "a result": ("output text", "result", "output"),
    "an error": ("error_message varchar(20)[]", "error", "error_message"),
}


def find_similar(shop: Shop) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = shop.program("schema-check", "--json").json["data"]["findings"]
    return [item for item in findings if item["id"] == "column-similar"]


@pytest.mark.parametrize("name", SIMILAR)
def test_a_column_of_another_type_is_offered_and_the_hint_makes_it_work(shop: Shop, name: str) -> None:
    column, part, own = SIMILAR[name]
    shop.marketplace.execute("ALTER TABLE agent_executions ADD COLUMN " + column)

    (finding,) = find_similar(shop)
    assert finding["severity"] == "warning"
    assert finding["object"] == f"agent_executions.{own}"
    assert part in finding["message"]
    assert shop.program("schema-check").exit_code == 0

    _, statement, line = finding["hint"].splitlines()
    shop.marketplace.execute(statement.replace("ZONE'", "UTC'").encode())
    config = shop.program.home / "agentctl.toml"
    text = line.strip().replace("NAME", "test").replace("] ", "]\n")
    config.write_text(f"{config.read_text()}\n{text}\n")

    assert find_similar(shop) == []
    shop.run("seo-blog", "topic=Tea")
    shop.program("run", "seo-blog")
    (row,) = shop.rows()
    assert (row[own] is not None) == (part != "error")
    states = {
        state["name"]: state for state in shop.program("schema-check", "--json").json["data"]["columns"]
    }
    assert states[part]["compatible"] is True


@pytest.mark.parametrize(
    "column",
    [
        "tokens_used double precision",
        "session_id uuid",
        "metadata text",
        "started_by text",
        '"creditsConsumed" integer',
    ],
)
def test_a_column_that_means_something_else_or_fits_is_not(shop: Shop, column: LiteralString) -> None:
    shop.marketplace.execute("ALTER TABLE agent_executions ADD COLUMN " + column)

    assert find_similar(shop) == []
