"""An operator's day on a marketplace where everything has a hostile name, each of another style."""

from support.hostile_day import spend_a_day
from support.hostile_names import make_hostile_marketplace, mixed
from support.marketplace import Database
from support.program import Program
from support.webhook_server import WebhookServer


def test_every_command_works_with_hostile_names_everywhere(
    database: Database, webhook: WebhookServer, agentctl: Program
) -> None:
    spend_a_day(make_hostile_marketplace(database, mixed, webhook, agentctl))
