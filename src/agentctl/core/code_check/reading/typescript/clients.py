"""Decides which chains are supabase-js's: other libraries have methods called `from` and `rpc` too.

It recognises a client by the package it comes from, or else by the methods that are called on it. A chain
that is certainly another library's is skipped. A table's name never decides.
"""

import re

from agentctl.core.code_check.reading.typescript.calls import Chain
from agentctl.core.code_check.reading.typescript.chains import FIRST_METHODS
from agentctl.core.code_check.reading.typescript.reduction import get_member
from agentctl.core.code_check.reading.typescript.values import (
    Choice,
    Constant,
    Imported,
    Listing,
    Member,
    Record,
    Result,
    Value,
)

_OWN = re.compile(r"supabase|postgrest", re.IGNORECASE)
_OTHERS = re.compile(
    r"^(node:)?(knex|kysely|drizzle-orm|typeorm|sequelize|objection|@prisma/|@mikro-orm/|rxjs|d3|gsap|three|buffer|"
    r"stream|mongodb|mongoose|slonik|postgres|pg|mysql2?|lodash|immutable|ethers|viem|web3|@solana/|@google-cloud/|"
    r"ix|most|xstream|@trpc/|hono)(/|$)"
)
_OTHERS_BY_NAME = re.compile(
    r"(^|[._])(storage|knex|kysely|drizzle|trx|qb|queryBuilder|[A-Z]\w*Array|Array|Buffer|Object|"
    r"Readable|Observable|Map|Set|Temporal|Iterator|String|Duration|Instant)$"
)
_CLIENT_NAME = re.compile(
    r"supabase|postgrest|client|admin|service|database|(^|[._])(db|sb|pg)\b", re.IGNORECASE
)
_NOT_OURS = frozenset(
    {
        "where",
        "andWhere",
        "orWhere",
        "join",
        "innerJoin",
        "leftJoin",
        "groupBy",
        "orderBy",
        "returning",
        "having",
    }
    | {"values", "execute", "getMany", "getOne", "pipe", "subscribe", "upload", "download", "createSignedUrl"}
)


def is_supabase(chain: Chain) -> bool:
    """Return whether a linked chain is supabase-js's."""
    origin = _find_origin(chain.client)
    if isinstance(chain.client, Record):  # the project's own object, which only looks like a client
        return False
    if _goes_through_storage(chain.client) or any(step.method in _NOT_OURS for step in chain.steps):
        return False
    if origin and _OWN.search(origin):
        return True
    if (origin and _OTHERS.match(origin)) or _OTHERS_BY_NAME.search(chain.client_name):
        return False
    if chain.kind == "rpc":
        listed = any(isinstance(argument, Listing) for argument in chain.arguments)
        return bool(_CLIENT_NAME.search(chain.client_name)) and not listed
    return bool(chain.steps) and chain.steps[0].method in FIRST_METHODS and not _selects_like_knex(chain)


def schema_of(client: Value) -> Value | None:
    """Return the schema of a client's options: `createClient(url, key, { db: { schema } })`."""
    for argument in client.arguments if isinstance(client, Result) else ():
        if isinstance(argument, Record):
            schema = get_member(get_member(argument, "db"), "schema")
            if isinstance(schema, Constant):
                return schema
    return None


def _find_origin(client: Value) -> str | None:
    """Return the package that a client comes from; None if it is not visible."""
    while True:
        match client:
            case Member(base):
                client = base
            case Result(function):
                client = function
            case Choice(options):
                client = options[0]
            case Imported(specifier):
                return specifier
            case _:
                return None


def _goes_through_storage(client: Value) -> bool:
    while isinstance(client, Member | Result):
        if isinstance(client, Member) and client.name == "storage":
            return True
        client = client.base if isinstance(client, Member) else client.function
    return False


def _selects_like_knex(chain: Chain) -> bool:
    """Return whether several texts are selected: supabase-js takes one, with all columns in it."""
    first = chain.steps[0]
    return first.method == "select" and len(first.arguments) > 1 and isinstance(first.arguments[1], Constant)
