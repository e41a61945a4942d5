"""The rows of each role under agentctl's own names, as derived tables.

It is the only SQL that knows whose names they are. Statuses and kinds come out in our words, amounts with
a minus where credits were taken. Only columns that this role may read are named. It executes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.introspection import Table
from agentctl.core.database.quoting import compose
from agentctl.core.mapping.accounts import Accounts
from agentctl.core.mapping.key_casts import read_as
from agentctl.core.mapping.sides import SIDES, subtract_sides
from agentctl.core.mapping.vocabulary import OWN_BALANCE_PARTS
from agentctl.core.mapping.words import Sign, Words

NO_CASTS: Mapping[str, str] = {}
_USERS: LiteralString = (
    "(SELECT {id} AS id, {email} AS email, {balance} AS balance, {held} AS held FROM {table})"
)
_USERS_WITH_BALANCES: LiteralString = (
    "(SELECT u.{id} AS id, {email} AS email, b.{balance} AS balance, {held} AS held FROM {table} AS u "
    "LEFT JOIN {balances} AS b ON {link})"
)
_LINK: LiteralString = "b.{} = u.{}"
_LINK_BY_TEXT: LiteralString = "b.{}::text = u.{}::text"
_AGENTS: LiteralString = (
    "(SELECT {id} AS id, {slug} AS slug, {name} AS name, {description} AS description, {category} AS "
    "category, "
    "{price} AS price, {webhook} AS webhook, {form} AS form, {platforms} AS platforms, "
    "{active} AS active, {state} AS state, {deleted} AS deleted, {version} AS version, {latest} AS latest, "
    "{made_at} AS made_at, {withheld} AS withheld FROM {table})"
)
# One version of each agent.
_CHOSEN: LiteralString = "(SELECT DISTINCT ON (v.id) v.* FROM {versions} AS v ORDER BY v.id, {order})"
_EXECUTIONS: LiteralString = (
    "(SELECT {id} AS id, {user} AS user_id, {agent} AS agent_id, {meaning} AS status, {word} AS word, "
    "{agent_version} AS agent_version, "
    "{created_at} AS created_at, {workflow_id} AS workflow_id, {inputs} AS inputs, {result} AS result, "
    "{error} AS error, {credits_used} AS credits_used, {started_at} AS started_at, "
    "{completed_at} AS completed_at, {key} AS key FROM {source})"
)
_FLAG: LiteralString = "(CASE WHEN {0} THEN 'success' WHEN NOT {0} THEN 'failed' END)"
_LEDGER: LiteralString = (
    "(SELECT {id} AS id, {user} AS user_id, {word} AS kind, {meaning} AS movement, {signed} AS amount, "
    "{balance_after} AS balance_after, {execution} AS execution_id, {description} AS description, "
    "{created_at} AS created_at FROM {source})"
)
_LEAST: Mapping[str, LiteralString] = {
    "smallint": "-32768",
    "integer": "-2147483648",
    "bigint": "-9223372036854775808",
}
# The types of missing columns, so that their NULL can be compared and decoded.
_NULLS: Mapping[str, LiteralString] = {
    "platforms": "NULL::text[]",
    "form": "NULL::jsonb",
    "inputs": "NULL::jsonb",
    "result": "NULL::jsonb",
    "active": "NULL::boolean",
    "latest": "NULL::boolean",
    "made_at": "NULL::timestamptz",
    "price": "NULL::numeric",
    "held": "NULL::numeric",
    "credits_used": "NULL::numeric",
    "balance_after": "NULL::numeric",
    "started_at": "NULL::timestamptz",
    "completed_at": "NULL::timestamptz",
    "created_at": "NULL::timestamptz",
}


def user_rows(
    users: Table,
    columns: Mapping[str, str],
    balances: Table,
    balance_columns: Mapping[str, str],
    casts: Mapping[str, str] = NO_CASTS,
) -> sql.Composed:
    """Return the users with their balances, whichever table has them."""
    if balances is users:
        own = {part: balance_columns[part] for part in OWN_BALANCE_PARTS if part in balance_columns}
        parts = _compose_parts(("id", "email", *OWN_BALANCE_PARTS), {**columns, **own})
        return compose(_USERS, table=users.identifier, **parts)
    link = _LINK_BY_TEXT if "user" in casts else _LINK
    return compose(
        _USERS_WITH_BALANCES,
        table=users.identifier,
        balances=balances.identifier,
        id=sql.Identifier(columns["id"]),
        email=sql.Identifier("u", columns["email"]) if "email" in columns else sql.SQL("NULL::text"),
        link=sql.SQL(link).format(sql.Identifier(balance_columns["user"]), sql.Identifier(columns["id"])),
        balance=sql.Identifier(balance_columns["balance"]),
        held=sql.Identifier("b", balance_columns["held"])
        if "held" in balance_columns
        else sql.SQL(_NULLS["held"]),
    )


def agent_rows(
    agents: Table, columns: Mapping[str, str], *, active_words: Sequence[str], withheld: sql.Composable
) -> sql.Composed:
    """Return the agents; `deleted` and `active` are booleans, `state` is the database's own word.

    Args:
        agents: the table.
        columns: part -> column.
        active_words: the states in which an agent can be run, in lower case.
        withheld: the name of the date because of which it cannot, or NULL.

    """
    names = (
        "id",
        "slug",
        "name",
        "description",
        "category",
        "price",
        "webhook",
        "form",
        "platforms",
        "version",
        "latest",
        "made_at",
    )
    state = compose("{}::text", sql.Identifier(columns["state"])) if "state" in columns else None
    return compose(
        _AGENTS,
        table=agents.identifier,
        active=compose(
            "(CASE WHEN {} IS NOT NULL THEN false ELSE {} END)",
            withheld,
            _compose_active(columns.get("active"), state, active_words),
        ),
        withheld=withheld,
        state=state or sql.SQL("NULL::text"),
        deleted=_compose_deleted(agents, columns.get("deleted")),
        **_compose_parts(names, columns),
    )


def chosen_rows(versions: sql.Composed, *, is_ordered: bool, is_dated: bool) -> sql.Composed:
    """Return one version of each agent: the active one, or the newest of those that are active.

    Args:
        versions: all of them, as `agent_rows` returns them.
        is_ordered: whether a greater version is a newer one; else the one that was made later is.
        is_dated: whether it is known when each was made.

    """
    by_state: LiteralString = "v.deleted, (v.active IS FALSE)"
    by_flag: LiteralString = "v.latest DESC NULLS LAST"
    order: LiteralString = f"{by_state}, {by_flag}, v.version DESC"
    if not is_ordered and is_dated:
        order = f"{by_state}, {by_flag}, v.made_at DESC NULLS LAST, v.version DESC"
    elif not is_ordered:  # nothing but the flag tells the latest, even where it is not active
        order = f"{by_flag}, {by_state}, v.version DESC"
    return compose(_CHOSEN, versions=versions, order=sql.SQL(order))


def _compose_active(
    name: str | None, state: sql.Composed | None, active_words: Sequence[str]
) -> sql.Composable:
    """Return whether an agent can be run, as far as its flag and the word of its state say."""
    flag = sql.Identifier(name) if name else sql.SQL(_NULLS["active"])
    if state is None:
        return flag
    cases = sql.SQL(" ").join(
        compose("WHEN lower({}) = {} THEN coalesce({}, true)", state, sql.Literal(word), flag)
        for word in active_words
    )
    return compose("(CASE {} ELSE false END)", cases)


def _compose_deleted(agents: Table, name: str | None) -> sql.Composable:
    column = agents.column(name) if name else None
    if column is None:
        return sql.SQL("false")
    shape = "coalesce({}, false)" if column.base_type == "boolean" else "({} IS NOT NULL)"
    return compose(shape, sql.Identifier(column.name))


def execution_rows(
    executions: Table,
    columns: Mapping[str, str],
    statuses: Words,
    casts: Mapping[str, str] = NO_CASTS,
    accounts: Accounts | None = None,
) -> sql.Composed:
    """Return the executions; `word` is the database's own status."""
    names = (
        *("id", "user", "agent", "agent_version", "created_at", "workflow_id", "inputs", "result", "error"),
        *("credits_used", "started_at", "completed_at", "key"),
    )
    word, meaning = _compose_status(executions, columns, statuses)
    return compose(
        _EXECUTIONS,
        word=word,
        meaning=meaning,
        **{**_compose_parts(names, columns, casts), **_compose_owner(executions, columns, accounts)},
    )


def _compose_status(
    executions: Table, columns: Mapping[str, str], statuses: Words
) -> tuple[sql.Composable, sql.Composable]:
    """Return the database's own word for a state, and agentctl's; a flag says it where there is no word."""
    flag = compose(_FLAG, sql.Identifier(columns["succeeded"])) if "succeeded" in columns else None
    status = executions.column(columns.get("status", ""))
    if status is None:
        return (flag or sql.SQL("NULL::text"),) * 2
    word = compose("{}::text", sql.Identifier(status.name))
    meaning = _translate_word(word, statuses)
    if flag is None or not status.nullable:
        return word, meaning
    return compose("coalesce({}, {})", word, flag), compose("coalesce({}, {})", meaning, flag)


def ledger_rows(
    ledger: Table,
    columns: Mapping[str, str],
    kinds: Words,
    sign: Sign,
    casts: Mapping[str, str] = NO_CASTS,
    accounts: Accounts | None = None,
) -> sql.Composed:
    """Return the ledger; `kind` is the database's own word, `movement` agentctl's."""
    names = ("id", "user", "balance_after", "execution", "description", "created_at")
    has_sides = {*SIDES} <= {*columns}
    amount: sql.Composable = (
        subtract_sides(ledger, columns) if has_sides else sql.Identifier(columns["amount"])
    )
    kind = compose("{}::text", sql.Identifier(columns["kind"])) if "kind" in columns else None
    named = None if kind is None else _replace_words(kind, kinds.labels)
    by_sign = compose("CASE WHEN {} < 0 THEN 'charge' ELSE 'grant' END", amount)
    meaning = by_sign if kind is None else _translate_word(kind, kinds)
    signed = amount
    if sign is Sign.BY_KIND and not has_sides:
        signed = _negate_charges(ledger, columns["amount"], meaning)
    return compose(
        _LEDGER,
        word=named or by_sign,
        meaning=meaning,
        signed=signed,
        **{**_compose_parts(names, columns, casts), **_compose_owner(ledger, columns, accounts)},
    )


def _compose_owner(
    table: Table, columns: Mapping[str, str], accounts: Accounts | None
) -> dict[str, sql.Composable]:
    """Return what the rows are read from, and whose they are where only an account says that."""
    if accounts is None or not accounts.names_user:
        return {"source": table.identifier}
    return {"source": accounts.compose_source(table, columns["user"]), "user": accounts.owner}


def _negate_charges(ledger: Table, name: str, meaning: sql.Composable) -> sql.Composed:
    """Return an amount with a minus where credits were taken.

    The smallest integer of a type has no positive counterpart, and stays as it is.
    """
    column, amount = ledger.column(name), sql.Identifier(name)
    least = _LEAST.get(column.base_type if column else "")
    negatable = sql.SQL("") if least is None else compose(" AND {} > {}", amount, sql.SQL(least))
    shape = "(CASE WHEN {} = 'charge'{} THEN -{} ELSE {} END)"
    return compose(shape, meaning, negatable, amount, amount)


def _compose_parts(
    names: tuple[str, ...], columns: Mapping[str, str], casts: Mapping[str, str] = NO_CASTS
) -> dict[str, sql.Composable]:
    return {
        name: read_as(sql.Identifier(columns[name]), casts.get(name))
        if name in columns
        else sql.SQL(_NULLS.get(name, "NULL::text"))
        for name in names
    }


def _translate_word(word: sql.Composable, words: Words) -> sql.Composable:
    """Return SQL that translates the database's words into agentctl's, where they differ."""
    return _replace_words(word, {raw: meaning for raw, meaning in words.read.items() if raw != meaning})


def _replace_words(word: sql.Composable, other: Mapping[str, str]) -> sql.Composable:
    """Return SQL that puts other words in the place of some."""
    if not other:
        return word
    cases = sql.SQL(" ").join(
        compose("WHEN {} = {} THEN {}", word, sql.Literal(raw), sql.Literal(meaning))
        for raw, meaning in other.items()
    )
    return compose("(CASE {} ELSE {} END)", cases, word)
