"""Commands from hints with hostile names, typed into a shell unchanged."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.shop import Shop

NAMES = ("$(touch executed)", "'; touch executed; '", "new\nline;touch executed", "-rf", "two words")


def _typed(shop: Shop, command: str) -> subprocess.CompletedProcess[str]:
    """Type a command into bash, where agentctl is on the path."""
    folder = shop.program.home
    environment = {**os.environ, "HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    return subprocess.run(
        ["bash", "--norc", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=60,
    )


def _executed(shop: Shop) -> bool:
    return (shop.program.home / "executed").exists()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_grant_hint_credits_the_user_it_names(shop: Shop, name: str) -> None:
    shop.marketplace.execute("UPDATE profiles SET email = %s WHERE credits = 3", (name,))

    hint = shop.run_json("seo-blog", "topic=Tea", "--user", name, exit_code=4)["error"]["hint"]
    command = re.search("agentctl .*", hint)
    assert command
    done = _typed(shop, command[0].replace("AMOUNT", "5").replace("TEXT", "late"))

    assert done.returncode == 0, done
    assert shop.marketplace.execute("SELECT credits FROM profiles WHERE email = %s", (name,)) == [(8,)]
    assert not _executed(shop)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_agents_hint_shows_the_agent_it_names(shop: Shop, name: str) -> None:
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN slug text")
    shop.marketplace.execute("UPDATE agents SET slug = %s WHERE name = 'SEO Blog'", (name,))

    result = shop.program("run", "--json", "--", name, "words=many", "topic=Tea")
    assert result.exit_code == 2
    command = re.search("agentctl .*", result.json["error"]["hint"])
    assert command
    done = _typed(shop, command[0])

    assert done.returncode == 0, done
    assert "SEO Blog" in done.stdout
    assert not _executed(shop)
    (example,) = re.findall("^agentctl run .*$", done.stdout, re.MULTILINE)
    ran = _typed(shop, example)
    assert ran.returncode == 0, ran
    assert not _executed(shop)
