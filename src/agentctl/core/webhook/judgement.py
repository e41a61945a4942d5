"""Decides what became of an execution: from the answer of its webhook, or from why there is none.

Two tables hold all knowledge about answers. It sends nothing, retries nothing and reads no clock.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.hint_text import shorten
from agentctl.core.models import Outcome
from agentctl.core.strict_json import write_json
from agentctl.core.webhook.answer import Content, WebhookAnswer
from agentctl.core.webhook.success_rule import parse_rule
from agentctl.core.webhook_url import without_secrets

_LONGEST_QUOTE = 300  # characters of foreign text in one of our sentences

ALLOW_HOSTS_HINT = "If it should be called, add it to allow_hosts in the profile's [webhook] section."


class Reason(StrEnum):
    """Why an outcome is what it is: one word, for programs."""

    ANSWERED = "answered"
    RULE_NOT_MET = "rule_not_met"
    RULE_NEEDS_JSON = "rule_needs_json"
    RULE_PATH_MISSING = "rule_path_missing"
    EMPTY = "empty_answer"
    STARTED = "only_started"
    STARTING_UP = "starting_up"
    STREAM_UNFINISHED = "stream_unfinished"
    ECHOED = "echoed"
    REDIRECTED = "redirected"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    AGENT_ERROR = "agent_error"
    SERVER_ERROR = "server_error"
    GATEWAY_ERROR = "gateway_error"
    NAME_NOT_FOUND = "name_not_found"
    ADDRESS_REFUSED = "address_refused"
    NOT_CONNECTED = "not_connected"
    TLS_FAILED = "tls_failed"
    OUT_OF_TIME = "out_of_time"
    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    ANSWER_TOO_LARGE = "answer_too_large"
    ANSWER_BROKEN = "answer_broken"


NEVER_RAN = frozenset(
    {
        Reason.NAME_NOT_FOUND,
        Reason.ADDRESS_REFUSED,
        Reason.NOT_CONNECTED,
        Reason.TLS_FAILED,
        Reason.OUT_OF_TIME,
        Reason.STARTING_UP,
        Reason.RATE_LIMITED,
        Reason.REJECTED,
    }
)
"""Reasons that prove that one request did not make the agent run; an earlier one may have."""

MAY_PASS = frozenset(
    {Reason.CONNECTION_LOST, Reason.ANSWER_BROKEN, Reason.SERVER_ERROR, Reason.GATEWAY_ERROR}
)
"""Reasons for which an idempotent agent may be called again."""


class Judgement(Struct, frozen=True, dict=True):
    """An outcome, the reason for it, and the content of the answer.

    Attributes:
        reason: a stable word for programs.
        message: a sentence for the operator; a quotation of the answer in it is short and has no line end.
        hint: the next step, or None.
        result: the JSON of the answer if `has_result`; a failure has it too, since it may say why.
        result_text: a successful agent's answer that is text but not JSON.
        result_bytes: a successful agent's answer that is neither; `content_type` names its format.

    """

    outcome: Outcome
    reason: Reason
    message: str
    hint: str | None = None
    result: object = None
    has_result: bool = False
    result_text: str | None = None
    result_bytes: bytes | None = None
    content_type: str | None = None


class _Row(NamedTuple):
    """The meaning of the answers that fit; `{said}`, `{location}` and the like are filled in."""

    fits: Callable[[WebhookAnswer], bool]
    outcome: Outcome
    reason: Reason
    message: str
    hint: str | None = None


# n8n's answers that do not wait for the workflow; older versions give the second one.
_ONLY_STARTED = ({"message": "Workflow was started"}, {"message": "Workflow got started."})
# The keys of what n8n's webhook node puts out; an agent's answer will hardly have all of them.
_ECHO = frozenset({"headers", "body", "webhookUrl", "executionMode"})
# n8n answers all requests with one of these, with 200 and 503, until its database is there and migrated.
_STARTING_UP = ("n8n is starting up", "Database is not ready!")
# n8n says this, with 500, of a workflow that ended without an error and gave its webhook nothing to return.
_NOTHING_TO_RETURN = ("No item to return", "No item was found to return", "No binary data was found")


def _is_echo(result: object) -> bool:
    """Tell whether an answer is our own request, as n8n's webhook node puts it out."""
    items = result if isinstance(result, list) else [result]
    return any(isinstance(item, dict) and item.keys() >= _ECHO for item in items)


def is_starting_up(answer: WebhookAnswer) -> bool:
    """Tell whether n8n answered that it is not ready yet, so that nothing ran."""
    text = answer.content.text or answer.text_at("message")
    return answer.status in {200, 503} and text.startswith(_STARTING_UP)


# The first row that fits applies. None names `agentctl reconcile`, since only the caller knows the execution.
_ANSWERS = (
    _Row(
        is_starting_up,
        Outcome.FAILED,
        Reason.STARTING_UP,
        "n8n is starting, and has not run the workflow ({status}).",
        "Run the agent again when n8n is ready.",
    ),
    _Row(
        lambda answer: answer.kind == 2 and answer.content.stream_error is not None,
        Outcome.FAILED,
        Reason.AGENT_ERROR,
        "The agent failed while its answer was streamed ({status}{said}).",
    ),
    _Row(
        lambda answer: answer.kind == 2 and answer.content.is_cut_short,
        Outcome.UNKNOWN,
        Reason.STREAM_UNFINISHED,
        "The agent's streamed answer stopped before its end ({status}).",
    ),
    _Row(
        lambda answer: answer.kind == 2 and answer.content.is_empty,
        Outcome.UNKNOWN,
        Reason.EMPTY,
        "The webhook answered {status} with an empty body, as some n8n versions do after a failure.",
        "Make the workflow return something, for example the output of its last node.",
    ),
    _Row(
        lambda answer: answer.kind == 2 and answer.content.result in _ONLY_STARTED,
        Outcome.UNKNOWN,
        Reason.STARTED,
        "The webhook answered that the workflow was started, not how it ended.",
        'Set the webhook node to respond "When Last Node Finishes" or with a "Respond to Webhook" node.',
    ),
    _Row(
        lambda answer: answer.kind == 2 and _is_echo(answer.content.result),
        Outcome.UNKNOWN,
        Reason.ECHOED,
        "n8n echoed the request, as it does at once for a workflow that waits for a long time.",
        'Make the workflow answer with a "Respond to Webhook" node after it has waited.',
    ),
    _Row(
        lambda answer: answer.kind == 2,
        Outcome.SUCCESS,
        Reason.ANSWERED,
        "The agent answered ({status}).",
    ),
    _Row(
        lambda answer: answer.kind == 3,
        Outcome.UNKNOWN,
        Reason.REDIRECTED,
        "The webhook answered with a redirect ({status}), which is not followed.",
        "It points to {location}: if that is the agent, make it the webhook URL.",
    ),
    _Row(
        lambda answer: answer.status == 429,
        Outcome.FAILED,
        Reason.RATE_LIMITED,
        "The webhook refuses calls for now (429{said}).",
        "Run the agent again later.",
    ),
    _Row(
        lambda answer: answer.status == 408,
        Outcome.UNKNOWN,
        Reason.GATEWAY_ERROR,
        "Something timed out (408), perhaps while waiting for the agent, which may still be running.",
    ),
    _Row(
        lambda answer: answer.kind == 4,
        Outcome.FAILED,
        Reason.REJECTED,
        "The webhook rejected the call ({status}{said}).",
    ),
    _Row(
        lambda answer: answer.status == 500 and answer.text_at("message").startswith(_NOTHING_TO_RETURN),
        Outcome.UNKNOWN,
        Reason.EMPTY,
        "The workflow ended without an error, and with nothing to return (500{said}).",
        "End the workflow with a node that always outputs an item.",
    ),
    _Row(
        lambda answer: answer.status == 500 and isinstance(answer.content.result, dict),
        Outcome.FAILED,
        Reason.AGENT_ERROR,
        "The agent failed (500{said}).",
    ),
    _Row(
        lambda answer: answer.status == 500,
        Outcome.UNKNOWN,
        Reason.SERVER_ERROR,
        "The webhook answered 500, but with no message from the agent.",
    ),
    _Row(
        lambda _: True,
        Outcome.UNKNOWN,
        Reason.GATEWAY_ERROR,
        "Something between here and the agent answered {status}; the agent may still be running.",
    ),
)

# `{detail}` stands for the facts that the connection reported.
_NO_ANSWERS = {
    Reason.NAME_NOT_FOUND: (
        Outcome.FAILED,
        "Nothing was sent: {detail}.",
        "Check the host in the webhook URL.",
    ),
    Reason.ADDRESS_REFUSED: (Outcome.FAILED, "Nothing was sent: {detail}.", ALLOW_HOSTS_HINT),
    Reason.NOT_CONNECTED: (Outcome.FAILED, "Nothing was sent: {detail}.", "Is the agent's server running?"),
    Reason.TLS_FAILED: (
        Outcome.FAILED,
        "Nothing was sent: {detail}.",
        "If your own authority issued the certificate, set SSL_CERT_FILE to the authority's file.",
    ),
    Reason.OUT_OF_TIME: (Outcome.FAILED, "Nothing was sent: there was no connection within {detail}.", None),
    Reason.TIMED_OUT: (
        Outcome.UNKNOWN,
        "The agent did not finish answering within {detail}; it may still be running.",
        "If agents take longer, pass a longer --timeout.",
    ),
    Reason.CONNECTION_LOST: (Outcome.UNKNOWN, "The connection ended without a proper answer.", None),
    Reason.ANSWER_TOO_LARGE: (Outcome.UNKNOWN, "The agent answered with more than {detail}.", None),
    Reason.ANSWER_BROKEN: (Outcome.UNKNOWN, "The agent's answer did not arrive complete: {detail}.", None),
}


def judge(answer: WebhookAnswer, *, success_when: str | None = None) -> Judgement:
    """Return what an answer means.

    Raises:
        ConfigError: success_when is not a rule.

    """
    row = next(row for row in _ANSWERS if row.fits(answer))
    if row.outcome is Outcome.SUCCESS and success_when is not None:
        row = _apply_rule(row, answer.content, rule=success_when)
    quote = one_line(answer.content.stream_error or answer.text_at("message") or answer.text_at("error"))
    words = {
        "status": answer.status,
        "said": f": {quote}" if quote else "",
        "location": one_line(without_secrets(answer.location or "")) or "no address",
    }
    hint = one_line(answer.text_at("hint")) if row.outcome is Outcome.FAILED else ""
    judgement = Judgement(
        outcome=row.outcome,
        reason=row.reason,
        message=row.message.format_map(words),
        hint=hint or (row.hint.format_map(words) if row.hint else None),
    )
    return _add_content(judgement, answer.content)


def judge_no_answer(reason: Reason, detail: str) -> Judgement:
    """Return what a missing or incomplete answer means."""
    outcome, message, hint = _NO_ANSWERS[reason]
    return Judgement(outcome=outcome, reason=reason, message=message.format(detail=detail), hint=hint)


def one_line(text: str) -> str:
    """Return foreign text without line ends, shortened."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return shorten(line, _LONGEST_QUOTE)


def _apply_rule(row: _Row, content: Content, *, rule: str) -> _Row:
    """Replace the row of a success if the agent's own rule says otherwise."""
    if not content.has_result:
        message = "The agent answered ({status}), but not with JSON, which success_when needs."
        return row._replace(outcome=Outcome.UNKNOWN, reason=Reason.RULE_NEEDS_JSON, message=message)
    parsed = parse_rule(rule)
    values = parsed.list_values(content.result)
    if not values:
        message = f"The agent answered ({{status}}), but without {parsed.dotted}, which success_when needs."
        return row._replace(outcome=Outcome.UNKNOWN, reason=Reason.RULE_PATH_MISSING, message=message)
    if parsed.holds(content.result):
        return row
    value = one_line(write_json(values[0], ensure_ascii=False))
    message = (
        f"The agent answered ({{status}}), but {parsed.dotted} is {_escape_braces(value)} (success_when)."
    )
    return row._replace(outcome=Outcome.FAILED, reason=Reason.RULE_NOT_MET, message=message)


def _escape_braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _add_content(judgement: Judgement, content: Content) -> Judgement:
    """Add the answer: all of a success, the JSON of a failure, nothing if its author is unknown."""
    if judgement.outcome is Outcome.SUCCESS:
        judgement = replace(judgement, result_text=content.text, result_bytes=content.data)
    if judgement.outcome is Outcome.UNKNOWN:
        return judgement
    return replace(
        judgement, result=content.result, has_result=content.has_result, content_type=content.content_type
    )
