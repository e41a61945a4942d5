"""`agentctl audit`, through the installed program: what it says, and the code that it exits with."""

from typing import Any

import pytest

from support.executions import OPS, plant
from support.program import Result

MOVED: Any = "UPDATE profiles SET credits = credits - 1 WHERE id = %s"


def audit(shop: Any, *arguments: str, exit_code: int = 0) -> Result:
    result: Result = shop.program("audit", *arguments)
    assert result.exit_code == exit_code, result
    return result


def test_a_lawful_marketplace_has_nothing_to_find(shop: Any) -> None:
    shop.run("seo-blog", "topic=Tea")

    result = audit(shop)

    assert result.stdout.splitlines()[-1] == (
        "Nothing found in 1 executions and 3 ledger rows, and the balances of 2 users."
    )
