"""Gives a story of recorded commands its parts: databases, a webhook, the program and the recorder."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from databases.example import Example
from databases.operating import Operator
from support.marketplace import OPTIONAL_COLUMNS, Database, empty_database
from support.postgres import Server
from support.program import Program
from support.recordings import Recorder
from support.shop import Shop
from support.webhook_server import Reply, WebhookServer

FAILS = Reply.json({"message": "Error in workflow"}, 500)
_DATABASES = Path(__file__).parents[2] / "databases"


@dataclass(frozen=True)
class Stage:
    """The parts of a story."""

    server: Server
    webhook: WebhookServer
    program: Program
    record: Recorder
    shop_with: Callable[..., Shop]

    def full_shop(self, more: str = "") -> Shop:
        """Make a shop whose table has all seven optional columns; `more` is configuration."""
        return self.shop_with(*OPTIONAL_COLUMNS, more=more)

    @contextlib.contextmanager
    def other(self) -> Iterator[Database]:
        """Create an empty database, whose URL the program gets in MARKET."""
        with empty_database(self.server) as database:
            yield database

    @contextlib.contextmanager
    def stranger(self, name: str) -> Iterator[Operator]:
        """Load one of the marketplaces of tests/databases, and return its operator."""
        example = Example.read(_DATABASES / f"{name}.sql")
        self.webhook.script("/seo-blog", Reply.json({"title": "Tea"}))
        self.webhook.script("/always-fails", FAILS)
        with empty_database(self.server) as database:
            url = database.add_role("operator") if example.role else database.url
            operator = Operator(example, database, self.webhook, self.program, url)
            operator.execute(example.sql())
            yield operator


def fixed_id(number: int) -> UUID:
    """Return an id that is the same in every run."""
    return UUID(f"00000000-0000-4000-8000-{number:012}")
