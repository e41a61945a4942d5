"""Judges relationships that a select embeds: missing ones, and those of which there are several."""

from collections.abc import Iterator

from agentctl.core.catalog.introspection import Table
from agentctl.core.code_check.checks import relationship
from agentctl.core.code_check.missing import report_pending
from agentctl.core.code_check.reading.uses import EmbedUse, Unresolved
from agentctl.core.code_check.reference import Reference, list_foreign_keys
from agentctl.core.code_check.relationships import Match, Verdict, list_relationships
from agentctl.core.code_check.sources import Sources
from agentctl.core.code_check.spelling import suggest_name
from agentctl.core.findings.finding import Finding


def judge_embed(use: EmbedUse, sources: Sources, reference: Reference) -> Iterator[Finding | Unresolved]:
    """Judge a relationship."""
    target, hint = use.embedded.target, use.embedded.hint
    rows = sources.rows(use.embedded.parent)
    if rows is None or rows.table is None:
        return  # what is wrong with the parent is said of the parent
    match = sources.match(rows.table, target, hint)
    if match.verdict is Verdict.OPEN:
        yield Unresolved(f"relationship of {rows.name} with {target}", use.location)
    elif match.verdict is Verdict.AMBIGUOUS:
        yield _report_ambiguous(rows.name, match, use)
    elif match.verdict is Verdict.MISSING:
        yield _report_missing(rows.table, rows.name, use, reference)


def _report_ambiguous(name: str, match: Match, use: EmbedUse) -> Finding:
    target = use.embedded.target
    spellings = [f"{target}!{choice.name}" for choice in match.choices]
    msg = (
        f"{name} has {len(spellings)} relationships with {target}, and PostgREST does not choose "
        "between them."
    )
    hint = f"Write {' or '.join(dict.fromkeys(spellings))}."
    return relationship.CHECK.finding(f"{name}.{target}", msg, hint, location=use.location)


def _report_missing(parent: Table, name: str, use: EmbedUse, reference: Reference) -> Finding:
    target, hint = use.embedded.target, use.embedded.hint
    is_missing = reference.table_in(parent.schema, target) is None
    if is_missing and (planned := reference.planned.adds_table(target, parent.schema)):
        return report_pending(reference.named(parent.schema, target), planned, use.location)
    how = f" by {hint}" if hint else ""
    msg = f"{name} has no relationship with {target}{how}."
    advice = _find_advice(parent, use, reference) or f"Add a foreign key between {name} and {target}."
    return relationship.CHECK.finding(f"{name}.{target}", msg, advice, location=use.location)


def _find_advice(parent: Table, use: EmbedUse, reference: Reference) -> str | None:
    target = use.embedded.target
    for key in list_foreign_keys(parent):
        if target in {key.foreign_table, key.name, *key.columns} and key.foreign_schema != parent.schema:
            where = f"{key.foreign_schema}.{key.foreign_table}"
            return f"{key.name} refers to {where}, but PostgREST only joins tables within one schema."
    related = list(list_relationships(parent, reference))
    if use.embedded.hint and (
        named := [candidate for candidate in related if candidate.table.name == target]
    ):
        return f"Write {' or '.join(dict.fromkeys(f'{target}!{candidate.name}' for candidate in named))}."
    return suggest_name(target, tuple(candidate.table.name for candidate in related))
