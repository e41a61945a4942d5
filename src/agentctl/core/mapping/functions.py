"""Finds the function that charges, and the meaning of its arguments.

It judges names, types, defaults and sources, and calls nothing. What the function really does is judged when
it is called, in a transaction that is rolled back unless the result is exactly a charge.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentctl.core.catalog.grants import grant_execute
from agentctl.core.catalog.introspection import Argument, Catalog, Function
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_key, toml_text
from agentctl.core.mapping.arguments import bind_arguments, can_be
from agentctl.core.mapping.checks import function_denied, function_unusable, role_ambiguous
from agentctl.core.mapping.function_candidates import INPUTS, Candidates, list_candidates, takes_credits
from agentctl.core.mapping.function_uses import Uses, read_uses
from agentctl.core.mapping.money import Money
from agentctl.core.mapping.settings import DeductSettings
from agentctl.core.mapping.vocabulary import DEDUCT_ARGUMENTS, plain, rank

REFERENCE = "deduct_credits_atomic"
_PASSED = re.compile(r"\{(user|amount|agent|execution)\}")
"""A configured text that stands for what is passed."""


class Deduct(Struct, frozen=True):
    """The function that charges.

    Attributes:
        meanings: argument -> what is passed, a key of vocabulary.DEDUCT_ARGUMENTS, or `wallet`.
        texts: argument -> the text that the configuration says to pass.
        configured: argument -> what the configuration says of it, a text or a hole such as `{amount}`.
        wallet: the key of the balances that `wallet` stands for; empty where no argument does.

    """

    function: Function
    meanings: Mapping[str, str]
    texts: Mapping[str, str]
    configured: Mapping[str, str]
    wallet: str = ""

    @property
    def name(self) -> str:
        """The function's name for people."""
        return self.function.name

    @property
    def passed(self) -> tuple[Argument, ...]:
        """The arguments that are passed."""
        known = {*self.meanings, *self.texts}
        return tuple(argument for argument in self.function.arguments if argument.name in known)


class Deducting(Struct, frozen=True):
    """How charges are made: by a function, or, if there is none and nothing is wrong, by agentctl itself."""

    function: Deduct | None
    overloads: tuple[Function, ...]
    why: str
    findings: tuple[Finding, ...] = ()


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
    candidates = _choose_candidates(catalog, settings.function, money)
    overloads = candidates.functions
    if settings.function and not overloads:
        finding = function_unusable.CHECK.finding(
            settings.function, f"There is no function {settings.function}, which [schema.deduct] names."
        )
        return Deducting(None, (), "configured", (finding,))
    bound = [
        candidate
        for function in overloads
        if (candidate := _bind_arguments(function, settings, user_type, money))
    ]
    able = [candidate for candidate in bound if candidate.function.executable]
    if not able:
        return Deducting(None, overloads, "", tuple(_explain_unusable(catalog, candidates, bound, money)))
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


def _choose_candidates(catalog: Catalog, configured: str | None, money: Money | None) -> Candidates:
    if not configured:
        return list_candidates(catalog, money)
    return Candidates(tuple(item for item in catalog.functions if configured in {item.name, item.full_name}))


def _explain_choice(function: Function, money: Money | None) -> str:
    if takes_credits(function) or money is None:
        return "its name and arguments"
    return f"it lowers {money.balances.name}.{money.balance}"


def _bind_arguments(
    function: Function, settings: DeductSettings, user_type: str, money: Money | None
) -> Deduct | None:
    """Return the function with the meaning of each argument; None if a required one has no known meaning."""
    arguments = {argument.name: argument for argument in function.arguments if argument.mode in INPUTS}
    configured = {name: text for name, text in settings.arguments.items() if name in arguments}
    holes = {name: hole[1] for name, text in configured.items() if (hole := _PASSED.fullmatch(text))}
    texts = {name: text for name, text in configured.items() if name not in holes}
    inputs = [argument for name, argument in arguments.items() if name not in configured]
    usual = {item.name: meant for item in inputs if (meant := _find_meaning(item, user_type)) is not None}
    uses = read_uses(function, money)
    meanings = bind_arguments(inputs, user_type, uses, usual, told=holes)
    if meanings is None:
        return None
    knows_user = bool({"user", "wallet"} & {*meanings.values()}) or function.asks_who
    is_usable = knows_user and "amount" in meanings.values()
    return Deduct(function, meanings, texts, configured, uses.wallet) if is_usable else None


def _find_meaning(argument: Argument, user_type: str) -> str | None:
    bare = plain(argument.name).lstrip("_")
    for prefix in ("p_", "in_", "v_", "arg_", "param_"):
        bare = bare.removeprefix(prefix)
    for meaning, names in DEDUCT_ARGUMENTS.items():
        if rank(bare, names) is not None:
            return meaning if can_be(argument, meaning, user_type) else None
    return None


def _explain_unusable(
    catalog: Catalog, candidates: Candidates, bound: list[Deduct], money: Money | None
) -> Iterator[Finding]:
    if bound:
        denied = bound[0].function
        yield function_denied.CHECK.finding(
            denied.name,
            f"Role {catalog.server.role} has no permission to execute {denied.name}.",
            grant_execute(denied, to=catalog.server.role),
        )
    elif candidates.functions:
        yield _explain_arguments(candidates.functions[0], read_uses(candidates.functions[0], money))
    elif candidates.doubtful:
        yield _explain_doubt(*candidates.doubtful[0])
    elif candidates.reversed and money:
        yield _explain_reversal(candidates.reversed[0], money)


def _explain_arguments(function: Function, uses: Uses) -> Finding:
    lines = "\n".join(
        f'  {toml_key(argument.name)} = "TEXT"' for argument in function.arguments if not argument.optional
    )
    if uses.unclear:
        return function_unusable.CHECK.finding(
            function.name,
            f"{function.name}({function.signature}) lowers the balance by something made of "
            f"{' and '.join(uses.unclear)}: agentctl does not guess what to pass.",
            hint='Let agentctl charge by itself: function = "" in [profiles.NAME.schema.deduct]; or, in '
            "[profiles.NAME.schema.deduct.arguments], say which is the price, and what the others are:\n"
            + "\n".join(f'  {toml_key(name)} = "{{amount}}"' for name in uses.unclear),
        )
    return function_unusable.CHECK.finding(
        function.name,
        f"{function.name}({function.signature}) exists, but agentctl does not know what to pass to it.",
        hint='Configure it in [profiles.NAME.schema.deduct]: function = "NAME" for another '
        'function, function = "" to let agentctl charge by itself; or set the texts to pass '
        "in [profiles.NAME.schema.deduct.arguments], where {user}, {amount}, {agent} and {execution} stand "
        f"for what is charged, for:\n{lines}",
    )


def _explain_doubt(function: Function, tables: tuple[str, ...]) -> Finding:
    return role_ambiguous.CHECK.finding(
        function.name,
        f"{function.name} lowers the balance, but adds rows to {' and '.join(tables)} as well: agentctl does "
        "not guess whether it is the function that charges.",
        "Put one of these lines into [profiles.NAME.schema.deduct]:\n"
        f'  function = {toml_text(function.name)}\n  function = ""     # agentctl charges by itself',
    )


def _explain_reversal(function: Function, money: Money) -> Finding:
    return function_unusable.CHECK.finding(
        function.name,
        f"{function.name} is called like a function that charges, but raises "
        f"{money.balances.name}.{money.balance}: agentctl does not call it.",
        "Put one of these lines into [profiles.NAME.schema.deduct]:\n"
        '  function = "NAME"     # another function\n  function = ""     # agentctl charges by itself',
    )


def _explain_ambiguity(names: tuple[str, ...]) -> Finding:
    lines = "\n".join(f"  function = {toml_text(name)}" for name in names)
    return role_ambiguous.CHECK.finding(
        " / ".join(names),
        f"{' and '.join(names)} could each be the function that charges: agentctl does not guess.",
        f"Put one of these lines into [profiles.NAME.schema.deduct]:\n{lines}",
    )
