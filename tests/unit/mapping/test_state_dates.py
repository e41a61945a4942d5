"""Dates that say whether an agent is for sale, by their names."""

import pytest

from agentctl.core.mapping.settings import RoleSettings
from agentctl.core.mapping.state_dates import compose_withheld, find_state_dates
from support.catalogs import column, table

TIME = "timestamp with time zone"


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("published_at", TIME, (["published_at"], [])),
        ("agentPublishedAt", TIME, (["agentPublishedAt"], [])),
        ("archived", "date", ([], ["archived"])),
        ("archived", "boolean", ([], [])),
        ("last_archived_at", TIME, ([], [])),
        ("published_by", "uuid", ([], [])),
        ("created_at", TIME, ([], [])),
    ],
)
def test_a_single_word_beside_a_time_tells_a_date(
    name: str, kind: str, found: tuple[list[str], list[str]]
) -> None:
    agents = table("agents", column("id", "uuid"), column(name, kind))

    dates = find_state_dates(agents, RoleSettings(), taken=())

    assert ([one.name for one in dates.active_from], [one.name for one in dates.inactive_from]) == found
    assert find_state_dates(agents, RoleSettings(), taken=(name,)).inactive_from == ()
    none = RoleSettings(active_from=(), inactive_from=())
    assert find_state_dates(agents, none, taken=()) == find_state_dates(agents, none, taken=(name,))


@pytest.mark.parametrize("name", ["archived_at", "published_at"])
def test_a_date_that_may_not_be_read_withholds_every_agent(name: str) -> None:
    agents = table("agents", column("id", "uuid"), column(name, TIME, readable=False))

    condition = compose_withheld(find_state_dates(agents, RoleSettings(), taken=()), None).as_string()

    assert condition == f"(CASE WHEN true THEN '{name}' END)"
