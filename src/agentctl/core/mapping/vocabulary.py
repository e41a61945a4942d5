"""The names that marketplaces give to what agentctl needs: tables, columns, words, arguments.

To teach agentctl a new name, add it to a line here. Names in one group are equally good: if a database has
two of them, agentctl asks instead of guessing. Nothing here looks at a database.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from msgspec import Struct, field

from agentctl.core.catalog.introspection import Column
from agentctl.core.mapping.optional_columns import BY_NAME

WHOLE = frozenset({"smallint", "integer", "bigint"})
TEXT = frozenset({"text", "character varying", "citext", "character"})
EXACT = WHOLE | {"numeric"}
_KEY = WHOLE | TEXT | {"uuid"}
_INSTANT = frozenset({"timestamp with time zone", "timestamp without time zone"})
_JSON = frozenset({"jsonb", "json"})
_ANY: frozenset[str] = frozenset()

Names = tuple[tuple[str, ...], ...]


def _read_names(text: str) -> Names:
    """Read `a b|c`: a is better than b and c, which are equally good."""
    return tuple(tuple(group.split("|")) for group in text.split())


class Part(Struct, frozen=True):
    """A part that a column plays in a table.

    Attributes:
        names: the names of its columns elsewhere, the best first.
        types: the base types that it can have; empty for any.
        refers_to: the role whose rows it refers to, with or without a foreign key.
        required: whether agentctl cannot work without it.

    """

    names: Names
    types: frozenset[str] = _ANY
    refers_to: str | None = None
    required: bool = False


class Role(Struct, frozen=True):
    """A role that a table plays: the names of such tables elsewhere, and its parts."""

    names: Names
    parts: Mapping[str, Part] = field(default_factory=dict)


def _make_part(
    names: str, types: frozenset[str] = _ANY, *, to: str | None = None, required: bool = False
) -> Part:
    return Part(_read_names(names), types, to, required)


def _make_tracked_part(name: str, others: str) -> Part:
    """Return the part of an optional column, with its own name as the best."""
    return _make_part(f"{name} {others}", BY_NAME[name].accepted)


_BALANCE = _make_part(
    "credits|credit_balance|credits_balance|balance_credits available_credits|credits_available "
    "credits_remaining|remaining_credits|credits_left balance|current_balance "
    "token_balance|tokens|coins|points",
    EXACT,
    required=True,
)
# What is held for runs at work: it is in the balance, and cannot be spent.
_HELD = _make_part(
    "held_credits|credits_held|held|held_balance|reserved_credits|credits_reserved|reserved|reserved_balance|"
    "frozen_credits|credits_frozen|frozen|frozen_balance|locked_credits|credits_locked|locked|locked_balance|"
    "pending_credits|credits_pending|pending|pending_balance|credits_on_hold|on_hold|blocked_credits",
    EXACT,
)
_PAYER = _make_part(
    "user_id|profile_id|account_id|customer_id|owner_id|member_id user|owner",
    _KEY,
    to="users",
    required=True,
)
_ACCOUNT = _make_part("", _KEY)  # found by accounts.py

_UPDATED_AT = _make_part("updated_at|modified_at|last_modified|updated_on", _INSTANT)

ROLES: Mapping[str, Role] = {
    "users": Role(
        _read_names("profile user|app_user|user_profile account|customer|member user_account"),
        {
            "id": _make_part("id user_id uid|uuid|profile_id|account_id", _KEY, required=True),
            "email": _make_part("email email_address|mail|user_email", TEXT),
        },
    ),
    "agents": Role(
        _read_names(
            "agent|ai_agent marketplace_agent|agent_template|agent_definition bot|assistant|workflow|tool"
        ),
        {
            "id": _make_part("id agent_id|uuid", _KEY, required=True),
            "name": _make_part("name title|display_name|agent_name", TEXT, required=True),
            "price": _make_part(
                "credit_cost|cost_credits|credits_cost|cost_in_credits|price_credits|credit_price "
                "price_per_use_credits|credits_per_run|credits_per_use|price_per_run|cost_per_run|price_per_use"
                " "
                "cost|price|credits",
                EXACT,
            ),
            "webhook": _make_part(
                "webhook_url|n8n_webhook_url|webhook|webhook_endpoint n8n_url|endpoint_url|endpoint|url", TEXT
            ),
            "slug": _make_part("slug code|key|handle|agent_key|agent_code", TEXT),
            "description": _make_part("description summary|short_description", TEXT),
            "category": _make_part("category type", TEXT),
            "active": _make_part(
                "is_active|active|enabled|is_enabled is_published|published", frozenset({"boolean"})
            ),
            "state": _make_part(""),  # found by its words
            # Found by versions.py, where an agent's key has a version.
            "version": _make_part("", _KEY | _INSTANT | {"date", "numeric"}),
            "latest": _make_part("", frozenset({"boolean"})),
            "made_at": _make_part("", _INSTANT),
            "deleted": _make_part(
                "deleted_at|is_deleted|deleted archived_at|is_archived", _INSTANT | {"boolean"}
            ),
            "form": _make_part(
                "input_schema|inputs_schema|form_schema|input_fields|form_fields form|fields|inputs "
                "parameters",
                _JSON,
            ),
            "platforms": _make_part(
                "required_platforms|required_integrations", frozenset({"text[]"}) | _JSON
            ),
        },
    ),
    "executions": Role(
        _read_names(
            "agent_execution agent_run execution|run workflow_execution|workflow_run|agent_job|agent_task "
            "job|task"
        ),
        {
            "id": _make_part("id execution_id|run_id|uuid", _KEY, required=True),
            "user": _PAYER,
            "account": _ACCOUNT,
            "agent": _make_part(
                "agent_id workflow_id|bot_id|tool_id|assistant_id agent|agent_code|agent_slug|agent_key",
                _KEY,
                to="agents",
                required=True,
            ),
            "agent_version": _make_part(""),  # found by versions.py
            "status": _make_part("status state|execution_status|run_status", required=True),
            "succeeded": _make_part(
                "success|succeeded|is_success|is_successful|successful|was_successful status",
                frozenset({"boolean"}),
            ),
            "created_at": _make_part(
                "created_at createdat|created|inserted_at|created_on|queued_at|requested_at "
                "started_at|timestamp",
                _INSTANT,
                required=True,
            ),
            "workflow_id": _make_tracked_part("workflow_id", "webhook_url|called_url"),
            "inputs": _make_tracked_part("inputs", "input_data|input input_payload|payload|parameters"),
            "result": _make_tracked_part("result", "output_data|output|outputs results|response"),
            "error": _make_tracked_part("error", "error_message error_text|failure_reason|error_details"),
            "credits_used": _make_tracked_part(
                "credits_used", "credits_charged|credits_spent|credits_cost|credit_cost credits|cost"
            ),
            "started_at": _make_tracked_part("started_at", "start_time|started|start_at"),
            "completed_at": _make_tracked_part(
                "completed_at", "finished_at|ended_at end_time|finished|completed|done_at"
            ),
            "key": _make_part("idempotency_key", TEXT | {"uuid"}),
            "updated_at": _UPDATED_AT,
        },
    ),
    "balances": Role(
        _read_names(
            "user_credit|credit_balance|user_balance|credit_account|wallet|credit_wallet balance|credit"
        ),
        {"user": _PAYER, "balance": _BALANCE, "held": _HELD, "balance_part": _make_part("", EXACT)},
    ),
    "ledger": Role(
        _read_names(
            "credit_transaction|credit_log|credit_history|credit_ledger|credits_history|credits_log "
            "credit_event|credit_movement|credit_entry|credit_usage|wallet_transaction|balance_transaction "
            "ledger|ledger_entry transaction"
        ),
        {
            "id": _make_part("id transaction_id|entry_id|uuid", _KEY, required=True),
            "user": _PAYER,
            "account": _ACCOUNT,
            "amount": _make_part(
                "amount|delta|credits_delta|credit_delta|change_amount|credits_change|credits_amount|change|"
                "credit_amount|amount_credits credits|value|points",
                EXACT,
                required=True,
            ),
            "debit": _make_part("", EXACT),  # found as a pair
            "credit": _make_part("", EXACT),
            "kind": _make_part(
                "type|transaction_type|kind|entry_type action|operation_type|operation|event_type reason "
                "direction"
            ),
            "execution": _make_part(
                "execution_id|run_id|agent_execution_id|job_id|task_id "
                "reference_id|related_id|source_id|ref_id",
                _KEY,
                to="executions",
            ),
            "balance_after": _make_part(
                "balance_after|new_balance|resulting_balance|running_balance|credits_after|balance", EXACT
            ),
            "balance_before": _make_part(
                "balance_before|previous_balance|old_balance|opening_balance|credits_before", EXACT
            ),
            "description": _make_part("description|note|notes|memo|details|reason|comment", TEXT),
            "created_at": _make_part(
                "created_at createdat|created|inserted_at|created_on|occurred_at|timestamp|at|date", _INSTANT
            ),
            "updated_at": _UPDATED_AT,
        },
    ),
}

LATEST_NAMES = _read_names("is_latest|latest|is_current|current|is_latest_version|is_current_version")
RELEASE_NAMES = _read_names("created_at createdat|created|inserted_at|created_on released_at|published_at")
OWN_BALANCE_PARTS = ("balance", "held", "balance_part")
"""The parts of balances that may be in the users' own table."""

STATUS_WORDS: Mapping[str, Names] = {
    "pending": _read_names("pending queued created scheduled|waiting|new|submitted|not_started|initiated"),
    "running": _read_names("running|in_progress|processing|executing|started active"),
    "success": _read_names("success|succeeded|successful|completed|complete|done|finished|ok"),
    "failed": _read_names(
        "failed|error|errored|failure cancelled canceled timeout timed_out|aborted|crashed|expired"
    ),
}
KIND_WORDS: Mapping[str, Names] = {
    "charge": _read_names(
        "usage|use|spend|spent|debit|deduction|deduct|charge|consumption|consume|agent_run|agent_usage|"
        "agent_execution execution|run"
    ),
    "refund": _read_names("refund|refunded|reversal|chargeback|return|credit_back"),
    "grant": _read_names("bonus|grant|gift|promo|promotion|admin_grant|manual|reward"),
    "purchase": _read_names("purchase|topup|top_up|buy|payment|subscription"),
}
SALE_WORDS: Mapping[str, Names] = {
    "active": _read_names(
        "active|published|live|enabled|available|approved|released|public|listed|online|launched|on_sale"
    ),
    "inactive": _read_names(
        "inactive|draft|unpublished|archived|disabled|suspended|retired|deprecated|hidden|paused|private|rejected|"
        "deleted|removed|banned|blocked|pending|pending_review|in_review|under_review|review|submitted|unlisted|"
        "offline|sunset|coming_soon|beta|test"
    ),
}
"""What a word says of an agent: whether it is for sale. Only what is plainly active can be run."""
DIRECTION_NAMES = _read_names("direction flow|flow_direction|side|entry_side|sign|dr_cr|debit_credit|in_out")
DIRECTION_WORDS: Mapping[str, Names] = {
    "out": _read_names("debit|dr|d|out|outgoing|outbound|outflow|minus|withdrawal|decrease|expense"),
    "in": _read_names("credit|cr|c|in|incoming|inbound|inflow|plus|deposit|increase|income"),
}
# Words that agentctl writes if nothing better is allowed; when it reads them, their meaning is unknown.
KIND_STOPGAPS: Mapping[str, Names] = {
    "refund": _read_names("adjustment|correction credit"),
    "grant": _read_names("adjustment|correction credit|add purchase"),
}
DEDUCT_VERBS = frozenset(
    {"deduct", "spend", "use", "consume", "charge", "debit", "decrement", "subtract", "burn"}
)
ADD_VERBS = frozenset({"add", "grant", "give", "refund", "increment", "topup", "credit", "award"})
CREDIT_NOUNS = frozenset({"credit", "balance", "token", "coin", "point"})
DEDUCT_ARGUMENTS: Mapping[str, Names] = {
    "user": _read_names(
        "user_id|uid|user|user_uuid|profile_id|account_id|customer_id|owner_id|user_id_param"
    ),
    "amount": _read_names(
        "amount|credits|credit_amount|credits_amount|cost|price|credits_to_deduct|delta|points|amount_param"
    ),
    "agent": _read_names("agent_id|agent|agent_uuid|tool_id|workflow_id"),
    "execution": _read_names(
        "execution_id|run_id|execution|agent_execution_id|job_id|task_id reference_id|ref_id|reference"
    ),
    "key": _read_names("idempotency_key|request_id"),
    "kind": _read_names("type|transaction_type|kind"),
    "text": _read_names(
        "reason|description|note|action|operation_type|operation|source|feature|memo|comment|action_type"
    ),
    "metadata": _read_names("metadata|meta|details|data|context"),
}


def can_play(column: Column, part: Part) -> bool:
    """Whether a column has one of the types that a part can have."""
    return not part.types or column.base_type in part.types


def is_needed(role: str, part: str) -> bool:
    """Whether commands read a part whenever it has a column; of a ledger they read all but one."""
    if role == "ledger":
        return part != "balance_before"
    return part in {"held", "state", "version", "agent_version"} or ROLES[role].parts[part].required


@cache
def plain(name: str) -> str:
    """Return a name in the form that is compared: `agent_execution` for `AgentExecutions` and the like."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return re.sub("(?<=[^s])s$", "", re.sub("ies$", "y", snake))


def rank(name: str, names: Names) -> int | None:
    """Return the rank of a name among names, 0 for the best; None if it is not among them."""
    return _rank_names(names).get(plain(name))


def list_best(candidates: Iterable[str], names: Names) -> tuple[str, ...]:
    """Return those of some names that have the best rank among names; none where none is among them."""
    ranked = [(grade, name) for name in candidates if (grade := rank(name, names)) is not None]
    best = min((grade for grade, _ in ranked), default=0)
    return tuple(name for grade, name in ranked if grade == best)


@cache
def _rank_names(names: Names) -> Mapping[str, int]:
    ranked = [(plain(name), position) for position, group in enumerate(names) for name in group]
    return dict(reversed(ranked))  # a name that occurs twice has its better rank
