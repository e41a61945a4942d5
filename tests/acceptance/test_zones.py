"""A time zone that only one of this machine and the server knows is refused, with what to do next."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from support.shop import Shop

ZONE = "America/Los_Angelos"
"""What this machine calls Los Angeles in these tests; no server does."""
COMMANDS = (
    ("run", "seo-blog", "topic=Tea"),
    ("run", "seo-blog", "topic=Tea", "--dry-run"),
    ("credits", "grant", "ops@example.com", "5", "--reason", "a gift"),
    ("history",),
    ("schema-check",),
    ("audit",),
    ("reconcile",),
    ("migrate-full", "--dry-run"),
)


@pytest.fixture
def naive_shop(shop_with: Callable[..., Shop]) -> Shop:
    """Create a shop whose times have no zone."""
    shop = shop_with()
    for table in ("agent_executions", "credit_transactions"):
        shop.marketplace.execute(f"ALTER TABLE {table} ALTER created_at TYPE timestamp(3)".encode())
    return shop


def name_zone(shop: Shop, line: str) -> None:
    config = shop.program.home / "agentctl.toml"
    text = config.read_text().partition("\n[profiles.test.schema]")[0]
    config.write_text(f"{text}\n[profiles.test.schema]\n{line}\n")


def know_zone(folder: Path) -> dict[str, str]:
    """Return the environment in which Python knows a zone that no server knows."""
    known = next(place for place in map(Path, TZPATH) if (place / "America/Los_Angeles").exists())
    (folder / ZONE).parent.mkdir(parents=True)
    shutil.copy(known / "America/Los_Angeles", folder / ZONE)
    return {"PYTHONTZPATH": os.pathsep.join((str(folder), str(known)))}


def test_a_zone_that_the_server_does_not_know_is_refused_and_the_hint_settles_it(
    naive_shop: Shop, tmp_path: Path
) -> None:
    env = know_zone(tmp_path / "zones")
    name_zone(naive_shop, f'timezone = "{ZONE}"')

    for command in COMMANDS:
        refused = naive_shop.program(*command, "--json", env=env)
        assert refused.exit_code == 3, refused
        assert refused.json["error"]["code"] == "zone_unknown"
        assert f"does not know the time zone {ZONE}" in refused.json["error"]["message"]
    assert naive_shop.rows() == []

    hint = refused.json["error"]["hint"]
    name_zone(naive_shop, hint.partition("[profiles.NAME.schema] ")[2].partition('".')[0] + '"')
    assert naive_shop.program(*COMMANDS[0], env=env).exit_code == 0
    (row,) = naive_shop.program("history", "--json", env=env).json["data"]["executions"]
    assert datetime.now(UTC) - datetime.fromisoformat(row["created_at"]) < timedelta(minutes=1)


@pytest.mark.parametrize("zone", ["<+03>-03", "XYZ-3"])
def test_a_zone_that_only_the_server_knows_is_said_to_be_unknown(naive_shop: Shop, zone: str) -> None:
    naive_shop.marketplace.execute(
        f"ALTER DATABASE {naive_shop.marketplace.name} SET timezone = '{zone}'".encode()
    )

    (finding,) = [
        item
        for item in naive_shop.program("schema-check", "--json").json["data"]["findings"]
        if item["id"] == "time-without-zone"
    ]
    assert f"The session's TimeZone is {zone}, which this machine does not know" in finding["hint"]

    ran = naive_shop.run("seo-blog", "topic=Tea", "--json")
    assert ran.exit_code == 0
    assert "unknown" not in ran.stderr, "no warning of a library's"

    name_zone(naive_shop, f'timezone = "{zone}"')
    refused = naive_shop.program("history", "--json")
    assert refused.exit_code == 3
    assert "upgrade the package tzdata" in refused.json["error"]["hint"]

    name_zone(naive_shop, 'timezone = "Etc/GMT-3"')
    (row,) = naive_shop.program("history", "--json").json["data"]["executions"]
    assert datetime.now(UTC) - datetime.fromisoformat(row["created_at"]) < timedelta(minutes=1)
