"""What became of an execution, told from how its webhook answered, or did not.

Everything that is known about answers is in two tables. It sends nothing, retries nothing and reads no clock.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from agentctl.core.models import Outcome
from agentctl.core.webhook.answer import Content, WebhookAnswer
from agentctl.core.webhook.success_rule import parse_rule
from agentctl.core.webhook_url import without_secrets

_LONGEST_QUOTE = 300  # characters of somebody else's text in a sentence of ours

ALLOW_HOSTS_HINT = "If it should be called, add it to allow_hosts in the profile's [webhook] section."


class Reason(StrEnum):
    """Why an outcome is what it is, in a word for programs."""

    ANSWERED = "answered"
    RULE_NOT_MET = "rule_not_met"
    RULE_NEEDS_JSON = "rule_needs_json"
    EMPTY = "empty_answer"
    STARTED = "only_started"
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
        Reason.RATE_LIMITED,
        Reason.REJECTED,
    }
)
"""Reasons that say of one request that the agent did not run, and so nothing about an earlier one."""

MAY_PASS = frozenset(
    {Reason.CONNECTION_LOST, Reason.ANSWER_BROKEN, Reason.SERVER_ERROR, Reason.GATEWAY_ERROR}
)
"""Reasons for which an idempotent agent may be asked again."""


@dataclass(frozen=True)
class Judgement:
    """An outcome, why, and what was answered.

    Attributes:
        reason: a stable word for programs.
        message: a sentence for the operator; what it quotes of the answer is shortened, in one line.
        hint: the next step, or None.
        result: the JSON that was answered, where `has_result`; of a failure too, it may tell why.
        result_text: what a successful agent answered that was not JSON.
        result_bytes: the same where it was no text either; `content_type` says what it is.

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
    """Answers that fit mean this; `{said}`, `{location}` and the like are filled in."""

    fits: Callable[[WebhookAnswer], bool]
    outcome: Outcome
    reason: Reason
    message: str
    hint: str | None = None


# n8n's words for an answer that does not wait for the workflow, the second in older versions.
_ONLY_STARTED = ({"message": "Workflow was started"}, {"message": "Workflow got started."})
# What n8n's webhook node puts out, and an answer would hardly have.
_ECHO = frozenset({"headers", "body", "webhookUrl", "executionMode"})
# n8n's words, with 500, for a workflow that ended without an error but left its webhook nothing to return.
_NOTHING_TO_RETURN = ("No item to return", "No item was found to return", "No binary data was found")


def _is_echo(result: object) -> bool:
    """Whether an answer is what n8n's webhook node made of our request, with all its headers."""
    items = result if isinstance(result, list) else [result]
    return any(isinstance(item, dict) and item.keys() >= _ECHO for item in items)


# The first row that fits is the one. `agentctl reconcile` is named by whoever knows the execution.
_ANSWERS = (
    _Row(
        lambda answer: answer.kind == 2 and answer.content.empty,
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
        lambda answer: answer.status == 500 and answer.says("message").startswith(_NOTHING_TO_RETURN),
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

# `{detail}` is what the connection knew.
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
        ConfigError: success_when is no rule.

    """
    row = next(row for row in _ANSWERS if row.fits(answer))
    if row.outcome is Outcome.SUCCESS and success_when is not None:
        row = _ruled(row, answer.content, rule=success_when)
    said = one_line(answer.says("message") or answer.says("error"))
    words = {
        "status": answer.status,
        "said": f": {said}" if said else "",
        "location": one_line(without_secrets(answer.location or "")) or "no address",
    }
    hint = one_line(answer.says("hint")) if row.outcome is Outcome.FAILED else ""
    judgement = Judgement(
        outcome=row.outcome,
        reason=row.reason,
        message=row.message.format_map(words),
        hint=hint or (row.hint.format_map(words) if row.hint else None),
    )
    return _with_content(judgement, answer.content)


def judge_no_answer(reason: Reason, detail: str) -> Judgement:
    """Return what it means that there is no answer, or none that arrived whole."""
    outcome, message, hint = _NO_ANSWERS[reason]
    return Judgement(outcome=outcome, reason=reason, message=message.format(detail=detail), hint=hint)


def one_line(text: str) -> str:
    """Return somebody else's text as a short piece of one line."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}\u2026"


def _ruled(row: _Row, content: Content, *, rule: str) -> _Row:
    """Replace what would be a success where the agent's own rule says otherwise."""
    if not content.has_result:
        message = "The agent answered ({status}), but not with JSON, which success_when needs."
        return row._replace(outcome=Outcome.UNKNOWN, reason=Reason.RULE_NEEDS_JSON, message=message)
    parsed = parse_rule(rule)
    if parsed.holds(content.result):
        return row
    found = one_line(json.dumps(parsed.found(content.result), ensure_ascii=False))
    message = (
        f"The agent answered ({{status}}), but {'.'.join(parsed.path)} is {_escaped(found)} (success_when)."
    )
    return row._replace(outcome=Outcome.FAILED, reason=Reason.RULE_NOT_MET, message=message)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _with_content(judgement: Judgement, content: Content) -> Judgement:
    """Add what was answered: all of a success, the JSON of a failure, nothing where its author is unknown."""
    if judgement.outcome is Outcome.SUCCESS:
        judgement = replace(judgement, result_text=content.text, result_bytes=content.data)
    if judgement.outcome is Outcome.UNKNOWN:
        return judgement
    return replace(
        judgement, result=content.result, has_result=content.has_result, content_type=content.content_type
    )
