"""Reads the headers of the SQL files beside it: TOML documents in lines that begin with `--| `.

It neither creates a database nor runs the program.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_FOLDER = Path(__file__).parent
_MARK = "--|"
OPERATOR = "ops@example.com"

# Differences seen between public marketplaces; `covers` of some example has each of them.
DIFFERENCES: Mapping[str, tuple[str, ...]] = {
    "deduct": (
        "jsonb with success",
        "json",
        "new balance, NULL is not enough",
        "raises an exception",
        "takes reason and metadata",
        "takes action",
        "takes operation type",
        "writes no ledger row",
        "writes an unlinked row",
        "demands auth.uid()",
        "demands what nobody knows",
        "returns a table",
        "out parameters",
        "returns boolean",
        "returns -1",
        "returns void",
        "takes without looking",
        "overloads",
        "no function",
    ),
    "balance": (
        "profiles.credits integer",
        "profiles.credits numeric",
        "profiles.credit_balance",
        "user_credits.credits",
        "users.credits",
        "user_credits.balance",
        "a wallet",
        "other words",
        "beside what is held",
        "computed from parts",
    ),
    "ledger": (
        "credit_transactions",
        "credit_logs",
        "credits_history",
        "amount",
        "delta",
        "credits_delta",
        "change_amount",
        "type",
        "transaction_type",
        "usage",
        "spend",
        "use",
        "debit",
        "unsigned",
        "direction in a column",
        "balance after",
        "balance before",
        "link beside a class",
        "names no execution",
        "names a wallet",
        "none",
    ),
    "price": ("credit_cost", "cost", "price_per_use_credits", "price", "inexact type"),
    "webhook": ("webhook_url", "n8n_webhook_url", "none"),
    "agent key": ("none", "slug", "code"),
    "agent state": ("a word",),
    "form": ("an object of fields", "a JSON Schema under a key"),
    "execution": (
        "inputs",
        "input",
        "input_data",
        "result",
        "output",
        "output_data",
        "error",
        "error_message",
        "completed_at",
        "finished_at",
        "credits_used",
        "credits_charged",
        "names an account",
    ),
    "status": (
        "pending running success failed",
        "running completed failed cancelled",
        "queued succeeded error",
        "a CHECK",
        "an enum",
        "a domain",
        "no pending",
        "words of another language",
        "words nobody knows",
        "a number",
        "a key of a table",
    ),
    "ids": ("uuid", "bigserial", "bigint identity", "text"),
    "keys": (
        "profiles.user_id",
        "a text for a uuid",
        "auth.users",
        "auth.users alone",
        "none across schemas",
    ),
    "names": ("quoted CamelCase", "reserved word", "prefixes of apps"),
    "times": ("without time zone",),
    "rights": ("too few", "rows hidden", "a policy for the operator"),
    "trigger": ("ledger moves the balance", "balance writes the ledger", "updated_at"),
    "trap": (
        "column without default",
        "column of its own value",
        "time without default",
        "a CHECK",
        "trigger",
        "generated column",
        "view",
        "view that takes no rows",
        "partitioned table",
        "other schema",
        "ambiguous role",
        "sign unknown",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One database, as its header describes it.

    Attributes:
        name: the file's name without its extension.
        title: one sentence on what is special about it.
        covers: which DIFFERENCES it has, as `deduct: json`.
        balance_sql: selects the balance of the user with the e-mail %(user)s.
        ledger_sql: selects the same balance from the ledger; empty if there is no ledger.
        status_sql: selects the status of the execution with the id %(execution)s, as text.
        words: the database's own for `success` and `failed`.
        finding: the id of the finding before the setting; empty if everything works after init.
        told: what to configure or change, for people.
        also_found: ids of further findings.
        stays: whether `finding` is still reported afterwards.
        settle: TOML to put below [profiles.NAME.schema].
        settle_sql: SQL that corrects the database.
        environment: variables that the operator sets, `{webhook}` in them as in the SQL.
        role: whether agentctl connects as a role that the SQL calls {role}, not as the superuser.
        takes_keys: whether the id, or another column, can hold what an idempotency key becomes.
        migrates: whether columns can be added to the executions.

    """

    name: str
    title: str
    covers: tuple[str, ...]
    balance_sql: str
    status_sql: str
    words: Mapping[str, str]
    ledger_sql: str = ""
    finding: str = ""
    told: str = ""
    also_found: tuple[str, ...] = ()
    stays: bool = False
    settle: str = ""
    settle_sql: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    role: bool = False
    takes_keys: bool = True
    migrates: bool = True

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file's header.

        Raises:
            TypeError: a key is unknown, or one is missing.
            tomllib.TOMLDecodeError: it is not TOML.

        """
        lines = path.read_text().splitlines()
        header = "\n".join(line.removeprefix(_MARK)[1:] for line in lines if line.startswith(_MARK))
        values: dict[str, Any] = tomllib.loads(header)
        for key in values.keys() & {"covers", "also_found"}:
            values[key] = tuple(values[key])
        return cls(name=path.stem, **values)

    def sql(self) -> str:
        """Return the whole file, with the given values for {webhook} and {role}."""
        return (_FOLDER / f"{self.name}.sql").read_text()


def examples() -> list[Example]:
    """Return all examples, by name."""
    return [Example.read(path) for path in sorted(_FOLDER.glob("*.sql"))]
