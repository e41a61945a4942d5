"""Recognises a link of the ledger that executions share with other tables: a number, and beside it a class.

`source_id` and `source_type` together name a row. agentctl has no use for half of a name: it does without the
link, even where the configuration names it, and says so.
"""

from msgspec.structs import replace

from agentctl.core.catalog.introspection import Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import link_shared
from agentctl.core.mapping.column_search import names_table
from agentctl.core.mapping.discovery import Discovery
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import TEXT, WHOLE

_CLASSES = frozenset({"type", "class", "table", "model", "kind", "entity"})


def set_aside_shared_link(discovery: Discovery) -> Discovery:
    """Return what was found, without a link of the ledger that is only half of a name."""
    roles = dict(discovery.roles)
    if not {"ledger", "executions"} <= roles.keys():
        return discovery
    ledger, executions = roles["ledger"], roles["executions"]
    if "execution" not in ledger.parts or "id" not in executions.parts:
        return discovery
    link = ledger.parts["execution"].column
    key = executions.table.column(executions.parts["id"].column)
    companion = _find_companion(ledger.table, link, executions.table)
    if key is None or key.base_type not in WHOLE or companion is None:
        return discovery
    parts = {part: choice for part, choice in ledger.parts.items() if part != "execution"}
    roles["ledger"] = replace(ledger, parts=parts)
    finding = _explain(ledger.table, link, companion)
    return replace(discovery, roles=roles, findings=(*discovery.findings, finding))


def _find_companion(ledger: Table, link: str, executions: Table) -> str | None:
    """Return the column that says of which class a link's row is, as `source_type` does of `source_id`."""
    *stem, _ = split_name(link)
    says_execution = names_table(link, executions) or any("run" in list_meanings(word) for word in stem)
    if not stem or says_execution or ledger.foreign_key(link) is not None:
        return None
    wanted = [(*stem, word) for word in _CLASSES]
    columns = (column for column in ledger.columns if column.base_type in TEXT or column.enum_labels)
    return next((column.name for column in columns if split_name(column.name) in wanted), None)


def _explain(ledger: Table, link: str, companion: str) -> Finding:
    name = f"{ledger.name}.{link}"
    return link_shared.CHECK.finding(
        name,
        f"{name} is a number that rows of several tables may have, and {companion} says of which: agentctl "
        "does not take it for the number of an execution.",
        "agentctl uses a column of its own for the execution, if there is one, or the execution's own cost.",
    )
