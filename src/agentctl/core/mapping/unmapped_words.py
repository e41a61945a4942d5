"""Says for which of agentctl's words a database has none, and which lines settle it.

It explains, and chooses nothing: words.py and listed_words.py do.
"""

from collections.abc import Iterator, Sequence

from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.checks import kind_unmapped, status_unmapped
from agentctl.core.mapping.vocabulary import TEXT, WHOLE
from agentctl.core.mapping.words import Words


def find_unmapped_words(role: str, table: str, words: Words, needed: Sequence[str]) -> Iterator[Finding]:
    """Yield each needed word of agentctl's for which the database has no word, or several."""
    key, what = ("statuses", "status") if role == "executions" else ("kinds", "kind")
    for word in needed:
        if word in words.written:
            continue
        if words.column is not None:
            yield _explain_listed(role, table, words, word)
            continue
        rivals = words.rivals.get(word, ())
        msg = (
            f"{' and '.join(rivals)} of {table} could each mean {word}: agentctl does not guess."
            if rivals
            else f"agentctl knows no {what} of {table} that means {word}."
        )
        lines = "\n".join(f"  {word} = {toml_text(raw)}" for raw in rivals or ("WORD",))
        yield (status_unmapped if what == "status" else kind_unmapped).CHECK.finding(
            table,
            msg,
            hint=f"Put this into [profiles.NAME.schema.{role}.{key}]"
            + (", one of:" if rivals else ":")
            + f"\n{lines}",
        )


def _explain_listed(role: str, table: str, words: Words, word: str) -> Finding:
    """Return the finding about a word for which nobody knows what a column without words holds."""
    key, part, check = (
        ("statuses", "status", status_unmapped.CHECK)
        if role == "executions"
        else ("kinds", "kind", kind_unmapped.CHECK)
    )
    column = words.column
    name = f"{table}.{column.name}" if column is not None else table
    holds_numbers = column is not None and column.base_type in WHOLE and not words.labels
    offered = [raw if holds_numbers else toml_text(raw) for raw in words.rivals.get(word) or words.offered]
    is_text = column is not None and column.base_type in TEXT
    if not offered and not holds_numbers and not is_text:
        hint = f'If another column is the {part}: [profiles.NAME.schema.{role}] {part} = "COLUMN"'
    else:
        lines = "\n".join(f"  {word} = {raw}" for raw in offered or ["NUMBER" if holds_numbers else '"WORD"'])
        hint = f"Put {'one of these lines' if len(offered) > 1 else 'this'} into "
        hint += f"[profiles.NAME.schema.{role}.{key}]:\n{lines}"
    kind = column.type if column is not None else "unknown"
    what = "holds numbers" if holds_numbers else "holds keys" if words.labels or is_text else "holds no words"
    return check.finding(
        table,
        f"{name} is of type {kind} and {what}: agentctl does not know which {'one ' if offered else ''}means "
        f"{word}.",
        hint=hint,
    )
