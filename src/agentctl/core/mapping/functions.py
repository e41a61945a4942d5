"""Finds the function that charges, and the meaning of its arguments.

It judges names, types and defaults, and calls nothing. What the function really does is judged when it is
called, in a transaction that is rolled back unless the result is exactly a charge.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agentctl.core.catalog.grants import grant_execute
from agentctl.core.catalog.introspection import Argument, Catalog, Function
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_key, toml_text
from agentctl.core.mapping.arguments import Money, bind_by_structure, find_execution_argument
from agentctl.core.mapping.checks import function_denied, function_unusable, role_ambiguous
from agentctl.core.mapping.name_words import list_meanings, split_name
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
_NO_CHARGE = frozenset({"give", "held", "gone", "portion"})
"""Meanings of the words of functions that lower balances for another reason."""


@dataclass(frozen=True, slots=True)
class Deduct:
    """The function that charges.

    Attributes:
        meanings: argument -> what is passed, a key of vocabulary.DEDUCT_ARGUMENTS.
        texts: argument -> the text that the configuration says to pass.

    """

    function: Function
    meanings: Mapping[str, str]
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The function's name for people."""
        return self.function.name

    @property
    def passed(self) -> tuple[Argument, ...]:
        """The arguments that are passed."""
        known = {*self.meanings, *self.texts}
        return tuple(argument for argument in self.function.arguments if argument.name in known)


@dataclass(frozen=True, slots=True)
class Deducting:
    """How charges are made: by a function, or, if there is none and nothing is wrong, by agentctl itself."""

    function: Deduct | None
    overloads: tuple[Function, ...]
    why: str
    findings: tuple[Finding, ...] = ()


def gives_credits(function: Function) -> bool:
    """Whether the name of a function says that it adds credits."""
    return _moves_credits(function, ADD_VERBS)


def _moves_credits(function: Function, verbs: frozenset[str]) -> bool:
    """Whether the name of a function has one of these verbs and says that it is about credits."""
    words = plain(function.name).split("_")
    return (
        words[0] in verbs and not CREDIT_NOUNS.isdisjoint(map(plain, words)) and function.returns != "trigger"
    )


def find_deduct(
    catalog: Catalog,
    settings: DeductSettings | None = None,
    *,
    user_type: str = "uuid",
    money: Money | None = None,
) -> Deducting:
    """Find the function to charge with.

    Args:
        catalog: the introspected catalog.
        settings: the configuration; its function wins.
        user_type: the base type of the users' ids.
        money: where the balances are, which functions' sources may show that they lower.

    """
    settings = settings or DeductSettings()
    if settings.function == "":
        return Deducting(None, (), "configured: agentctl charges by itself")
    overloads = tuple(_list_candidates(catalog, settings.function))
    if settings.function and not overloads:
        finding = function_unusable.CHECK.finding(
            settings.function, f"There is no function {settings.function}, which [schema.deduct] names."
        )
        return Deducting(None, (), "configured", (finding,))
    overloads = overloads or tuple(_list_by_source(catalog, money))
    bound = [
        candidate
        for function in overloads
        if (candidate := _bind_arguments(function, settings, user_type, money))
    ]
    able = [candidate for candidate in bound if candidate.function.executable]
    if not able:
        return Deducting(None, overloads, "", tuple(_explain_unusable(catalog, overloads, bound)))
    names = tuple(dict.fromkeys(candidate.name for candidate in able))
    if len(names) > 1 and REFERENCE not in names:
        return Deducting(None, overloads, "", (_explain_ambiguity(names),))
    best = max(
        able,
        key=lambda candidate: (
            candidate.name == REFERENCE,
            "execution" in candidate.meanings.values(),
            len(candidate.meanings),
        ),
    )
    why = "configured" if settings.function else _explain_choice(best.function, money)
    return Deducting(best, overloads, why)


def _list_candidates(catalog: Catalog, configured: str | None) -> Iterator[Function]:
    for function in catalog.functions:
        if configured:
            if configured in {function.name, function.full_name}:
                yield function
        elif _moves_credits(function, DEDUCT_VERBS):
            yield function


def _list_by_source(catalog: Catalog, money: Money | None) -> Iterator[Function]:
    """Yield the functions whose source lowers the balance, unless their names say that it is no charge."""
    for function in catalog.functions if money else ():
        meanings = {meaning for word in split_name(function.name) for meaning in list_meanings(word)}
        is_other = not meanings & {"take"} and bool(meanings & _NO_CHARGE)
        has_amount = any(
            argument.mode in _INPUTS and argument.type in _EXACT for argument in function.arguments
        )
        if money and has_amount and not is_other and money.lowers_balance(function):
            yield function


def _explain_choice(function: Function, money: Money | None) -> str:
    if _moves_credits(function, DEDUCT_VERBS) or money is None:
        return "its name and arguments"
    return f"it lowers {money.balances.name}.{money.balance}"


def _bind_arguments(
    function: Function, settings: DeductSettings, user_type: str, money: Money | None
) -> Deduct | None:
    """Return the function with the meaning of each argument; None if a required one has no known meaning."""
    inputs = [
        argument
        for argument in function.arguments
        if argument.mode in _INPUTS and argument.name not in settings.arguments
    ]
    meanings = _bind_by_name(inputs, user_type)
    if meanings is None or not {"user", "amount"} <= {*meanings.values()}:
        usual = {item.name: meant for item in inputs if (meant := _find_meaning(item, user_type)) is not None}
        meanings = bind_by_structure(function, inputs, _TYPES, user_type, money, usual) or {}
    elif money is not None and (execution := find_execution_argument(function, inputs, money)):
        meanings.setdefault(execution, "execution")
    known = {argument.name for argument in function.arguments}
    texts = {name: text for name, text in settings.arguments.items() if name in known}
    knows_user = "user" in meanings.values() or function.asks_who
    return Deduct(function, meanings, texts) if knows_user and "amount" in meanings.values() else None


def _bind_by_name(inputs: Sequence[Argument], user_type: str) -> dict[str, str] | None:
    """Return the meanings of arguments with usual names; None if one that must be given has none."""
    meanings: dict[str, str] = {}
    for argument in inputs:
        meaning = _find_meaning(argument, user_type)
        if meaning is not None and (meaning == "text" or meaning not in meanings.values()):
            meanings[argument.name] = meaning
        elif not argument.optional:
            return None
    return meanings


def _find_meaning(argument: Argument, user_type: str) -> str | None:
    bare = plain(argument.name).lstrip("_")
    for prefix in ("p_", "in_", "v_", "arg_", "param_"):
        bare = bare.removeprefix(prefix)
    for meaning, names in DEDUCT_ARGUMENTS.items():
        fits = _TYPES[meaning]
        if rank(bare, names) is not None and (not fits or argument.type in fits):
            is_other_key = meaning == "user" and user_type == "uuid" and argument.type != "uuid"
            return None if is_other_key else meaning
    return None


def _explain_unusable(
    catalog: Catalog, overloads: tuple[Function, ...], bound: list[Deduct]
) -> Iterator[Finding]:
    if bound:
        denied = bound[0].function
        yield function_denied.CHECK.finding(
            denied.name,
            f"Role {catalog.server.role} has no permission to execute {denied.name}.",
            grant_execute(denied, to=catalog.server.role),
        )
    elif overloads:
        first = overloads[0]
        lines = "\n".join(
            f'  {toml_key(argument.name)} = "TEXT"' for argument in first.arguments if not argument.optional
        )
        yield function_unusable.CHECK.finding(
            first.name,
            f"{first.name}({first.signature}) exists, but agentctl does not know what to pass to it.",
            hint='Configure it in [profiles.NAME.schema.deduct]: function = "NAME" for another '
            'function, function = "" to let agentctl charge by itself; or set the texts to pass '
            f"in [profiles.NAME.schema.deduct.arguments], for:\n{lines}",
        )


def _explain_ambiguity(names: tuple[str, ...]) -> Finding:
    lines = "\n".join(f"  function = {toml_text(name)}" for name in names)
    return role_ambiguous.CHECK.finding(
        " / ".join(names),
        f"{' and '.join(names)} could each be the function that charges: agentctl does not guess.",
        f"Put one of these lines into [profiles.NAME.schema.deduct]:\n{lines}",
    )
