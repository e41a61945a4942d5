"""What a run is foreseen to ask is what it asks, on each example: it is quick, and nothing is done twice."""

from collections.abc import Callable

import pytest

from databases.example import Example, examples
from databases.operating import Operator
from databases.steps import ALWAYS_FAILS, SEO_BLOG
from support.database_proxy import DatabaseProxy

_FLIGHTS, _FLIGHTS_WITH_REFUND = 6, 7
"""One more than for ids that are UUIDs: a number is taken from its sequence first."""
_DEPENDS = {
    "balance_trigger": "a trigger writes the ledger's rows",
    "ledger_trigger": "a trigger keeps the balance",
    "prisma": "agentctl makes up the ledger's ids",
    "costless_ledger": "the function's row does not name its execution",
    "unlinked_row": "the function's row does not name its execution",
    "unlinked_ledger": "the function's row cannot name its execution",
    "unsigned_ledger": "the function's row does not name its execution",
    "silent_function": "the function is not told the execution",
}
"""Where what is asked depends on an answer, so that only a part can be sent ahead."""


@pytest.mark.parametrize("example", examples(), ids=lambda one: one.name)
def test_what_is_foreseen_is_asked(operator_of: Callable[[Example], Operator], example: Example) -> None:
    operator = operator_of(example)
    operator.init()
    operator.settle()

    with DatabaseProxy(operator.url) as proxy:
        through = {"AGENTCTL_DATABASE_URL": proxy.url}
        operator(*SEO_BLOG, env=through)
        flights = len(proxy.flights)
        operator(*ALWAYS_FAILS, exit_code=1, env=through)
        with_refund = len(proxy.flights) - flights

    assert "ROLLBACK" not in proxy.statements
    is_quick = flights <= _FLIGHTS and with_refund <= _FLIGHTS_WITH_REFUND
    assert is_quick is (example.name not in _DEPENDS), (flights, with_refund)
