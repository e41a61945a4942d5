"""Finds the function that takes credits, and what its arguments mean.

It judges names, types and defaults, and calls nothing: what the function really does is seen when it is
called, inside a transaction that is rolled back if that is not exactly a charge.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

from agentctl.core.catalog.introspection import Argument, Catalog, Function
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_key, toml_text
from agentctl.core.mapping.checks import function_denied, function_unusable, role_ambiguous
from agentctl.core.mapping.settings import DeductSettings
from agentctl.core.mapping.vocabulary import (
    ADD_VERBS,
    CREDIT_NOUNS,
    DEDUCT_ARGUMENTS,
    DEDUCT_VERBS,
    TEXT,
    WHOLE,
    plain,
    rank,
)

REFERENCE = "deduct_credits_atomic"
_EXACT = WHOLE | {"numeric"}
_KEYS = WHOLE | TEXT | {"uuid"}
_TYPES: Mapping[str, frozenset[str]] = {
    "user": _KEYS,
    "amount": _EXACT,
    "agent": _KEYS,
    "execution": _KEYS,
    "key": TEXT | {"uuid"},
    "kind": frozenset(),
    "text": TEXT,
    "metadata": frozenset({"jsonb", "json"}),
}
_INPUTS = frozenset("ibv")


@dataclass(frozen=True, slots=True)
class Deduct:
    """The function that charges.

    Attributes:
        given: argument -> what is passed: one of vocabulary.DEDUCT_ARGUMENTS' words.
        texts: argument -> a text that the configuration passes.

    """

    function: Function
    given: Mapping[str, str]
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The function's name for people."""
        return self.function.name

    @property
    def passed(self) -> tuple[Argument, ...]:
        """The arguments that are passed."""
        known = {*self.given, *self.texts}
        return tuple(argument for argument in self.function.arguments if argument.name in known)


@dataclass(frozen=True, slots=True)
class Deducting:
    """How charges are made: by a function, or by agentctl itself where there is none and nothing is wrong."""

    function: Deduct | None
    overloads: tuple[Function, ...]
    why: str
    findings: tuple[Finding, ...] = ()


def gives_credits(function: Function) -> bool:
    """Whether a function's name says that it adds credits."""
    words = plain(function.name).split("_")
    return (
        words[0] in ADD_VERBS
        and bool({plain(w) for w in words} & CREDIT_NOUNS)
        and function.returns != "trigger"
    )


def find_deduct(
    catalog: Catalog, settings: DeductSettings | None = None, *, user_type: str = "uuid"
) -> Deducting:
    """Find the function to charge with.

    Args:
        catalog: introspected.
        settings: what the configuration says; its function wins.
        user_type: the base type of the users' ids.

    """
    settings = settings or DeductSettings()
    if settings.function == "":
        return Deducting(None, (), "configured: agentctl charges by itself")
    overloads = tuple(_candidates(catalog, settings.function))
    if settings.function and not overloads:
        msg = f"There is no function {settings.function}, which [schema.deduct] names."
        finding = function_unusable.CHECK.finding(settings.function, msg)
        return Deducting(None, (), "configured", (finding,))
    bound = [found for function in overloads if (found := _bound(function, settings, user_type))]
    able = [found for found in bound if found.function.executable]
    if not able:
        return Deducting(None, overloads, "", tuple(_complaints(catalog, overloads, bound)))
    names = tuple(dict.fromkeys(found.name for found in able))
    if len(names) > 1 and REFERENCE not in names:
        return Deducting(None, overloads, "", (_ambiguous(names),))
    fitting = [found for found in able if found.name == (REFERENCE if REFERENCE in names else names[0])]
    best = max(fitting, key=lambda found: ("execution" in found.given.values(), len(found.given)))
    why = "configured" if settings.function else "its name and arguments"
    return Deducting(best, overloads, why)


def _candidates(catalog: Catalog, configured: str | None) -> Iterator[Function]:
    for function in catalog.functions:
        if configured:
            if configured in {function.name, f"{function.schema}.{function.name}"}:
                yield function
        elif _takes_credits(function):
            yield function


def _takes_credits(function: Function) -> bool:
    words = plain(function.name).split("_")
    nouns = {plain(word) for word in words}
    return words[0] in DEDUCT_VERBS and bool(nouns & CREDIT_NOUNS) and function.returns != "trigger"


def _bound(function: Function, settings: DeductSettings, user_type: str) -> Deduct | None:
    """Say what each argument means; None where one that is demanded means nothing known."""
    given: dict[str, str] = {}
    for argument in function.arguments:
        if argument.mode not in _INPUTS or argument.name in settings.arguments:
            continue
        meaning = _meaning(argument, user_type)
        if meaning is not None and (meaning == "text" or meaning not in given.values()):
            given[argument.name] = meaning
        elif not argument.optional:
            return None
    texts = {name: text for name, text in settings.arguments.items() if name in _names(function)}
    knows_user = "user" in given.values() or function.asks_who
    return Deduct(function, given, texts) if knows_user and "amount" in given.values() else None


def _names(function: Function) -> set[str]:
    return {argument.name for argument in function.arguments}


def _meaning(argument: Argument, user_type: str) -> str | None:
    bare = plain(argument.name).lstrip("_")
    for prefix in ("p_", "in_", "v_", "arg_", "param_"):
        bare = bare.removeprefix(prefix)
    for meaning, names in DEDUCT_ARGUMENTS.items():
        fits = _TYPES[meaning]
        if rank(bare, names) is not None and (not fits or argument.type in fits):
            return (
                None if meaning == "user" and argument.type != user_type and user_type == "uuid" else meaning
            )
    return None


def _complaints(catalog: Catalog, overloads: tuple[Function, ...], bound: list[Deduct]) -> Iterator[Finding]:
    if bound:
        denied = bound[0].function
        msg = f"Role {catalog.server.role} has no permission to execute {denied.name}."
        hint = compose(
            "GRANT EXECUTE ON FUNCTION {}({}) TO {};",
            sql.Identifier(denied.schema, denied.name),
            Printed(denied.signature),
            sql.Identifier(catalog.server.role),
        ).as_string()
        yield function_denied.CHECK.finding(denied.name, msg, hint)
    elif overloads:
        first = overloads[0]
        msg = f"{first.name}({first.signature}) exists, but agentctl does not know what to pass to it."
        lines = "\n".join(
            f'  {toml_key(argument.name)} = "TEXT"' for argument in first.arguments if not argument.optional
        )
        hint = (
            'Configure it in [profiles.NAME.schema.deduct]: function = "NAME" for another '
            'function, function = "" to let agentctl charge by itself; or set the texts to pass '
            f"in [profiles.NAME.schema.deduct.arguments], for:\n{lines}"
        )
        yield function_unusable.CHECK.finding(first.name, msg, hint)


def _ambiguous(names: tuple[str, ...]) -> Finding:
    msg = f"{' and '.join(names)} could each be the function that charges: agentctl does not guess."
    lines = "\n".join(f"  function = {toml_text(name)}" for name in names)
    hint = f"Put one of these lines into [profiles.NAME.schema.deduct]:\n{lines}"
    return role_ambiguous.CHECK.finding(" / ".join(names), msg, hint)
