"""By which names marketplaces call what agentctl needs: tables, columns, words, arguments.

A line here is the way to teach agentctl a new name. Names that stand together in one tuple are equally good:
where a database has two of them, agentctl asks instead of guessing. Nothing here looks at a database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from agentctl.core.mapping.optional_columns import BY_NAME

WHOLE = frozenset({"smallint", "integer", "bigint"})
TEXT = frozenset({"text", "character varying", "citext", "character"})
_EXACT = WHOLE | {"numeric"}
_KEY = WHOLE | TEXT | {"uuid"}
_INSTANT = frozenset({"timestamp with time zone", "timestamp without time zone"})
_JSON = frozenset({"jsonb", "json"})
_ANY: frozenset[str] = frozenset()

Names = tuple[tuple[str, ...], ...]


def _ranked(text: str) -> Names:
    """Read `a b|c`: a is better than b and c, which are equally good."""
    return tuple(tuple(group.split("|")) for group in text.split())


@dataclass(frozen=True, slots=True)
class Part:
    """A part that a column plays.

    Attributes:
        names: of columns that play it elsewhere, the best first.
        types: base types that can play it; empty for any.
        refers_to: the role whose rows it names, by a foreign key perhaps.
        required: whether agentctl cannot do without it.

    """

    names: Names
    types: frozenset[str] = _ANY
    refers_to: str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A role that a table plays: its names elsewhere, and its parts."""

    names: Names
    parts: Mapping[str, Part] = field(default_factory=dict)


def _part(names: str, types: frozenset[str] = _ANY, *, to: str | None = None, required: bool = False) -> Part:
    return Part(_ranked(names), types, to, required)


def _tracked(name: str, others: str) -> Part:
    """Return one of the seven optional columns, by its own name or another."""
    return _part(f"{name} {others}", BY_NAME[name].accepted)


_BALANCE = _part(
    "credits|credit_balance|credits_balance|balance_credits available_credits|credits_available "
    "credits_remaining|remaining_credits|credits_left balance|current_balance "
    "token_balance|tokens|coins|points",
    _EXACT,
    required=True,
)
_PAYER = _part("user_id|profile_id|account_id|customer_id|owner_id|member_id user|owner", _KEY, to="users")

_UPDATED_AT = _part("updated_at|modified_at|last_modified|updated_on", _INSTANT)

ROLES: Mapping[str, Role] = {
    "users": Role(
        _ranked("profile user|app_user|user_profile account|customer|member user_account"),
        {
            "id": _part("id user_id uid|uuid|profile_id|account_id", _KEY, required=True),
            "email": _part("email email_address|mail|user_email", TEXT),
        },
    ),
    "agents": Role(
        _ranked(
            "agent|ai_agent marketplace_agent|agent_template|agent_definition bot|assistant|workflow|tool"
        ),
        {
            "id": _part("id agent_id|uuid", _KEY, required=True),
            "name": _part("name title|display_name|agent_name", TEXT, required=True),
            "price": _part(
                "credit_cost|cost_credits|credits_cost|cost_in_credits|price_credits|credit_price "
                "price_per_use_credits|credits_per_run|credits_per_use|price_per_run|cost_per_run|price_per_use"
                " "
                "cost|price|credits",
                _EXACT,
            ),
            "webhook": _part(
                "webhook_url|n8n_webhook_url|webhook|webhook_endpoint n8n_url|endpoint_url|endpoint|url", TEXT
            ),
            "slug": _part("slug code|key|handle|agent_key|agent_code", TEXT),
            "description": _part("description summary|short_description", TEXT),
            "category": _part("category type", TEXT),
            "active": _part(
                "is_active|active|enabled|is_enabled is_published|published", frozenset({"boolean"})
            ),
            "deleted": _part("deleted_at|is_deleted|deleted archived_at|is_archived", _INSTANT | {"boolean"}),
            "form": _part(
                "input_schema|inputs_schema|form_schema|input_fields|form_fields form|fields|inputs "
                "parameters",
                _JSON,
            ),
            "platforms": _part("required_platforms|required_integrations", frozenset({"text[]"}) | _JSON),
        },
    ),
    "executions": Role(
        _ranked(
            "agent_execution agent_run execution|run workflow_execution|workflow_run|agent_job|agent_task "
            "job|task"
        ),
        {
            "id": _part("id execution_id|run_id|uuid", _KEY, required=True),
            "user": Part(_PAYER.names, _KEY, "users", required=True),
            "agent": _part(
                "agent_id workflow_id|bot_id|tool_id|assistant_id agent|agent_code|agent_slug|agent_key",
                _KEY,
                to="agents",
                required=True,
            ),
            "status": _part("status state|execution_status|run_status", required=True),
            "created_at": _part(
                "created_at createdat|created|inserted_at|created_on|queued_at|requested_at "
                "started_at|timestamp",
                _INSTANT,
                required=True,
            ),
            "workflow_id": _tracked("workflow_id", "webhook_url|called_url"),
            "inputs": _tracked("inputs", "input_data|input input_payload|payload|parameters"),
            "result": _tracked("result", "output_data|output|outputs results|response"),
            "error": _tracked("error", "error_message error_text|failure_reason|error_details"),
            "credits_used": _tracked(
                "credits_used", "credits_charged|credits_spent|credits_cost|credit_cost credits|cost"
            ),
            "started_at": _tracked("started_at", "start_time|started|start_at"),
            "completed_at": _tracked(
                "completed_at", "finished_at|ended_at end_time|finished|completed|done_at"
            ),
            "key": _part("idempotency_key", TEXT | {"uuid"}),
            "updated_at": _UPDATED_AT,
        },
    ),
    "balances": Role(
        _ranked("user_credit|credit_balance|user_balance|credit_account|wallet|credit_wallet balance|credit"),
        {"user": Part(_PAYER.names, _KEY, "users", required=True), "balance": _BALANCE},
    ),
    "ledger": Role(
        _ranked(
            "credit_transaction|credit_log|credit_history|credit_ledger|credits_history|credits_log "
            "credit_event|credit_movement|credit_entry|credit_usage|wallet_transaction|balance_transaction "
            "ledger|ledger_entry transaction"
        ),
        {
            "id": _part("id transaction_id|entry_id|uuid", _KEY, required=True),
            "user": Part(_PAYER.names, _KEY, "users", required=True),
            "amount": _part(
                "amount|delta|credits_delta|credit_delta|change_amount|credits_change|credits_amount|change|"
                "credit_amount|amount_credits credits|value|points",
                _EXACT,
                required=True,
            ),
            "kind": _part(
                "type|transaction_type|kind|entry_type action|operation_type|operation|event_type reason"
            ),
            "execution": _part(
                "execution_id|run_id|agent_execution_id|job_id|task_id "
                "reference_id|related_id|source_id|ref_id",
                _KEY,
                to="executions",
            ),
            "balance_after": _part(
                "balance_after|new_balance|resulting_balance|running_balance|credits_after|balance", _EXACT
            ),
            "description": _part("description|note|notes|memo|details|reason|comment", TEXT),
            "created_at": _part(
                "created_at createdat|created|inserted_at|created_on|occurred_at|timestamp|at|date", _INSTANT
            ),
            "updated_at": _UPDATED_AT,
        },
    ),
}

STATUS_WORDS: Mapping[str, Names] = {
    "pending": _ranked("pending queued created scheduled|waiting|new|submitted|not_started|initiated"),
    "running": _ranked("running|in_progress|processing|executing|started active"),
    "success": _ranked("success|succeeded|successful|completed|complete|done|finished|ok"),
    "failed": _ranked(
        "failed|error|errored|failure cancelled canceled timeout timed_out|aborted|crashed|expired"
    ),
}
KIND_WORDS: Mapping[str, Names] = {
    "charge": _ranked(
        "usage|use|spend|spent|debit|deduction|deduct|charge|consumption|consume|agent_run|agent_usage|"
        "agent_execution execution|run"
    ),
    "refund": _ranked("refund|refunded|reversal|chargeback|return|credit_back"),
    "grant": _ranked("bonus|grant|gift|promo|promotion|admin_grant|manual|reward"),
    "purchase": _ranked("purchase|topup|top_up|buy|payment|subscription"),
}
# Written where nothing better is allowed; nobody can tell what they mean when they are read.
KIND_STOPGAPS: Mapping[str, Names] = {
    "refund": _ranked("adjustment|correction credit"),
    "grant": _ranked("adjustment|correction credit|add purchase"),
}
DEDUCT_VERBS = frozenset(
    {"deduct", "spend", "use", "consume", "charge", "debit", "decrement", "subtract", "burn"}
)
ADD_VERBS = frozenset({"add", "grant", "give", "refund", "increment", "topup", "credit", "award"})
CREDIT_NOUNS = frozenset({"credit", "balance", "token", "coin", "point"})
DEDUCT_ARGUMENTS: Mapping[str, Names] = {
    "user": _ranked("user_id|uid|user|user_uuid|profile_id|account_id|customer_id|owner_id|user_id_param"),
    "amount": _ranked(
        "amount|credits|credit_amount|credits_amount|cost|price|credits_to_deduct|delta|points|amount_param"
    ),
    "agent": _ranked("agent_id|agent|agent_uuid|tool_id|workflow_id"),
    "execution": _ranked(
        "execution_id|run_id|execution|agent_execution_id|job_id|task_id reference_id|ref_id|reference"
    ),
    "key": _ranked("idempotency_key|request_id"),
    "kind": _ranked("type|transaction_type|kind"),
    "text": _ranked(
        "reason|description|note|action|operation_type|operation|source|feature|memo|comment|action_type"
    ),
    "metadata": _ranked("metadata|meta|details|data|context"),
}


def is_needed(role: str, part: str) -> bool:
    """Whether commands read a part wherever there is a column for it: of a ledger, every one."""
    return role == "ledger" or ROLES[role].parts[part].required


@cache
def plain(name: str) -> str:
    """Write a name as names are compared: `AgentExecutions` and `agent_executions` are `agent_execution`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return re.sub("(?<=[^s])s$", "", re.sub("ies$", "y", snake))


def rank(name: str, names: Names) -> int | None:
    """Return how good a name is, 0 for the best; None where it is none of them."""
    return _places(names).get(plain(name))


@cache
def _places(names: Names) -> Mapping[str, int]:
    ranked = [(plain(name), place) for place, group in enumerate(names) for name in group]
    return dict(reversed(ranked))  # the best place of a name that has two
