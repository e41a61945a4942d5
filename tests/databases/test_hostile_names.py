"""An operator's day on marketplaces of hostile names, one style of name throughout each."""

import pytest

from support.hostile_day import spend_a_day
from support.hostile_names import STYLES, make_hostile_marketplace
from support.marketplace import Database
from support.program import Program
from support.webhook_server import WebhookServer


@pytest.mark.parametrize("style", STYLES)
def test_every_command_works_with_each_style_of_hostile_names(
    database: Database, webhook: WebhookServer, agentctl: Program, style: str
) -> None:
    spend_a_day(make_hostile_marketplace(database, STYLES[style], webhook, agentctl))
