"""Finds where the parts of a statement begin and end among the words of a source."""

from collections.abc import Collection, Sequence

from agentctl.core.mapping.body_words import Word

_LONGEST = 500


def read_items(words: Sequence[Word], position: int, ends: Collection[str]) -> tuple[list[list[Word]], int]:
    """Cut words at the commas outside of brackets, up to one that ends the list, and return its position.

    A list that is longer than anybody writes is empty: sources may be hard on purpose.
    """
    items: list[list[Word]] = [[]]
    depth, last = 0, position + _LONGEST
    while position < min(len(words), last):
        word = words[position]
        if depth == 0 and word.says(*ends, ")", "]"):
            break
        depth += word.says("(", "[") - word.says(")", "]")
        if depth == 0 and word.says(","):
            items.append([])
        else:
            items[-1].append(word)
        position += 1
    return (items if position < last else [[]]), position


def read_table(words: Sequence[Word], position: int) -> tuple[str, int]:
    """Return the name of a table, without its schema, and the position behind it."""
    position += position < len(words) and words[position].says("only")
    name = words[position].text if position < len(words) and words[position].is_name else ""
    return name, position + 1


def read_target(words: Sequence[Word], position: int, *, ahead: Collection[str]) -> tuple[str, str, int]:
    """Return a table, what it is called in the statement, and the position of what comes next.

    Args:
        words: the source.
        position: of the table's name.
        ahead: the words that may follow; any other is the alias.

    """
    table, position = read_table(words, position)
    alias = ""
    for word in words[position : position + 2]:
        if word.says(*ahead) or not word.is_name:
            break
        alias, position = word.text, position + 1
    return table, alias, position
