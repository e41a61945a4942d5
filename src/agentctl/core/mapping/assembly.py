"""Assembles the tables of the roles: their columns, words and rows, as commands use them.

It chooses nothing but words and signs: discovery.py and its like have chosen tables and columns.
"""

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.mapping import rows
from agentctl.core.mapping.accounts import Accounts
from agentctl.core.mapping.directions import find_constants
from agentctl.core.mapping.discovery import FoundRole
from agentctl.core.mapping.listed_words import choose_words
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.mapping.settings import RoleSettings, Zone
from agentctl.core.mapping.state_dates import compose_withheld, find_state_dates
from agentctl.core.mapping.table_role import Agents, Executions, Ledger
from agentctl.core.mapping.versions import is_ordered
from agentctl.core.mapping.vocabulary import (
    KIND_STOPGAPS,
    KIND_WORDS,
    SALE_WORDS,
    STATUS_WORDS,
    is_needed,
)
from agentctl.core.mapping.words import NO_WORDS, Sign, find_sign, find_stand_ins


def list_casts(role_table: FoundRole) -> dict[str, str]:
    """Return the references that are read as another type than that of their column."""
    return {part: choice.read_as for part, choice in role_table.parts.items() if choice.read_as}


def list_usable_columns(role: str, role_table: FoundRole) -> dict[str, str]:
    """Return the parts with usable columns; optional ones must be readable and of a fitting type."""
    usable = {}
    for part, choice in role_table.parts.items():
        column = role_table.table.column(choice.column)
        holds = role != "executions" or part not in BY_NAME or (column and BY_NAME[part].accepts(column))
        if column is not None and holds and (column.readable or is_needed(role, part)):
            usable[part] = choice.column
    return usable


def assemble_agents(role_table: FoundRole, settings: RoleSettings, zone: Zone) -> Agents:
    """Return the agents, with what decides whether one can be run."""
    columns = list_usable_columns("agents", role_table)
    configured = settings.words.get("active")
    usual = tuple(word for group in SALE_WORDS["active"] for word in group)
    active_words = (configured.lower(),) if configured else usual
    judged = {columns[part] for part in ("deleted", "active") if part in columns}
    dates = find_state_dates(role_table.table, settings, taken=judged)
    withheld = compose_withheld(dates, zone)
    table_rows = rows.agent_rows(role_table.table, columns, active_words=active_words, withheld=withheld)
    version = role_table.table.column(columns["version"]) if "version" in columns else None
    if version is None:
        return Agents(role_table.table, columns, table_rows, dates=dates)
    chosen = rows.chosen_rows(table_rows, is_ordered=is_ordered(version), is_dated="made_at" in columns)
    return Agents(role_table.table, columns, chosen, versions=table_rows, dates=dates)


def assemble_executions(
    catalog: Catalog, role_table: FoundRole, settings: RoleSettings, accounts: Accounts | None
) -> Executions:
    """Return the executions, with their words."""
    columns = list_usable_columns("executions", role_table)
    status = role_table.table.column(columns.get("status", ""))
    words = (
        choose_words(catalog, role_table.table, status, STATUS_WORDS, settings.words, {})
        if status
        else NO_WORDS
    )
    # Some databases have no word for `running`; their word for `pending`, which is open, too, stands for it.
    if "running" not in words.written and "running" not in words.rivals and "pending" in words.written:
        words = words.with_written("running", words.written["pending"])
    casts = list_casts(role_table)
    table_rows = rows.execution_rows(role_table.table, columns, words, casts, accounts)
    return Executions(
        role_table.table, columns, table_rows, settings.constant, casts, words, accounts=accounts
    )


def assemble_ledger(
    catalog: Catalog, role_table: FoundRole, settings: RoleSettings, accounts: Accounts | None
) -> Ledger:
    """Return the ledger, with its words and its sign."""
    columns = list_usable_columns("ledger", role_table)
    kind = role_table.table.column(columns["kind"]) if "kind" in columns else None
    amount = role_table.table.column(columns["amount"]) if "amount" in columns else None
    kinds = (
        choose_words(catalog, role_table.table, kind, KIND_WORDS, settings.words, KIND_STOPGAPS)
        if kind is not None
        else NO_WORDS
    )
    sign, why = (
        (Sign(settings.sign), "configured")
        if settings.sign
        else find_sign(role_table.table, amount, kind, kinds)
        if amount
        else (Sign.SIGNED, "its columns for debit and credit")
    )
    casts = list_casts(role_table)
    table_rows = rows.ledger_rows(role_table.table, columns, kinds, sign or Sign.SIGNED, casts, accounts)
    return Ledger(
        role_table.table,
        columns,
        table_rows,
        settings.constant,
        casts,
        kinds,
        sign or Sign.SIGNED,
        why if sign else None,
        find_constants(role_table.table, columns, kinds, sign or Sign.SIGNED, settings.constants),
        frozenset(find_stand_ins(kinds, KIND_WORDS, settings.words)),
        accounts=accounts,
    )
