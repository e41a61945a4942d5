"""Follows the variables of a function: what each stands for, if it gets its value only once.

An argument that is assigned to has an unknown value, and so has a variable with several.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from agentctl.core.mapping.body_lists import read_items, read_target
from agentctl.core.mapping.body_sums import read_sum
from agentctl.core.mapping.body_words import END, Word, Words

_STARTS = ("begin", "then", "else", "loop", "declare", ";")
_TURNS = frozenset({"(", ")", "select", "returning", ";", "into", "diagnostics", "foreach", "for"})
"""The words that _list_selected looks at: most are none of them."""
_LONGEST, _DEEPEST = 60, 6
_OPENING, _CLOSING, _STAR = Word("mark", "("), Word("mark", ")"), Word("mark", "*")


class Assigned(NamedTuple):
    """A variable and the words of its new value, which may be selected from a table."""

    name: str
    value: Words = ()
    table: str = ""
    alias: str = ""


class Variables(Struct, frozen=True):
    """What variables stand for.

    Attributes:
        values: variable -> the words of its only value; empty where it has several, or none that is known.
        rows: variable -> the table that it holds a row of.

    """

    values: Mapping[str, Words]
    rows: Mapping[str, str]

    def resolve(self, words: Sequence[Word]) -> list[Word]:
        """Write the values of variables, in brackets, for their names."""
        result = list(words)
        for _ in range(_DEEPEST):
            if not any(map(self._is_variable, result)) or len(result) > _LONGEST:
                break
            result = [part for word in result for part in self._replace(word)]
        return result

    def find_word(self, word: Word) -> Word:
        """Return the single word that a variable stands for, or the word itself."""
        resolved = [part for part in self.resolve([word]) if part not in {_OPENING, _CLOSING}]
        return resolved[0] if len(resolved) == 1 else word

    def list_rows_of(self, table: str) -> frozenset[str]:
        """Return the variables that hold a row of a table."""
        return frozenset(name for name, of in self.rows.items() if of == table)

    def _is_variable(self, word: Word) -> bool:
        return word.is_name and not word.owner and word.text in self.values

    def _replace(self, word: Word) -> Sequence[Word]:
        if not self._is_variable(word):
            return (word,)
        value = self.values[word.text]
        is_known = value and len(value) <= _LONGEST
        return (_OPENING, *value, _CLOSING) if is_known else (Word("variable", word.text),)


def read_variables(words: Sequence[Word], arguments: Collection[str]) -> Variables:
    """Return what the variables of a source stand for."""
    assigned = [*_list_assignments(words), *_list_selected(words)]
    times = Counter(item.name for item in assigned)
    names = {*times, *arguments}
    values = {
        item.name: tuple(_own(item, names)) if times[item.name] == 1 and item.name not in arguments else ()
        for item in assigned
        if not _is_same(item)
    }
    rows = {item.name: item.table for item in assigned if times[item.name] == 1 and item.value == (_STAR,)}
    return Variables({name: value for name, value in values.items() if name not in rows}, rows)


def _is_same(item: Assigned) -> bool:
    """Whether a variable keeps its value, or gets one only where it has none: `n := coalesce(n, 1)`."""
    items = read_sum(item.value)
    name = items[0].name if len(items) == 1 and items[0].sign == 1 else None
    return name is not None and name.text == item.name


def _own(item: Assigned, names: Collection[str]) -> Iterator[Word]:
    """Write the table before the columns of a value that was selected from it."""
    for word, following in zip(item.value, (*item.value[1:], END), strict=False):
        is_bare = not word.owner and word.text not in names and not following.says("(")
        is_column = word.kind in {"name", "quoted"} and (is_bare or word.owner == item.alias != "")
        yield word._replace(owner=item.table) if is_column else word


def _list_assignments(words: Sequence[Word]) -> Iterator[Assigned]:
    """Yield what `name := value` and `name type DEFAULT value` assign."""
    is_declaring, start = False, 0
    for position, word in enumerate((*words, Word("mark", ";"))):
        if word.text not in _STARTS or not word.says(*_STARTS):
            continue
        piece = words[start:position]
        start = position + 1
        while (piece and piece[0].says("<", ">")) or (len(piece) > 1 and piece[1].says(">")):
            piece = piece[1:]  # a label
        if piece and piece[0].is_name and (is_declaring or piece[1:2] == [] or piece[1].kind == "mark"):
            yield from _read_assignment(piece, is_declaring=is_declaring)
        is_declaring = word.says("declare") or (is_declaring and not word.says("begin"))


def _read_assignment(piece: Sequence[Word], *, is_declaring: bool) -> Iterator[Assigned]:
    name = piece[0].owner or piece[0].text  # a field that is assigned to changes the row
    marks = (("=",), (":", "=")) if not is_declaring else (("=",), (":", "="), ("default",), ("alias", "for"))
    last = len(piece) if is_declaring else 2
    for position in range(1, min(last, len(piece))):
        for mark in marks:
            ahead = piece[position : position + len(mark)]
            if [word.text for word in ahead if word.says(*mark)] == [*mark]:
                value = tuple(piece[position + len(mark) :])
                yield Assigned(name, value if not piece[0].owner else ())
                return
    if len(piece) > 1 and piece[1].says("["):
        yield Assigned(name)


def _list_selected(words: Sequence[Word]) -> Iterator[Assigned]:
    """Yield what SELECT, RETURNING and FETCH put into variables, and what a loop does."""
    starts = [0]  # of the clause at each depth of brackets
    for position, word in enumerate(words):
        if word.text not in _TURNS:
            continue
        following = words[position + 1 : position + 3]
        if word.says("("):
            starts.append(position)
        elif word.says(")"):
            starts = starts[:-1] or [position]
        elif word.says("select", "returning", ";"):
            starts[-1] = position
        elif word.says("into") and not (position and words[position - 1].says("insert", "merge")):
            yield from _read_into(words, starts[-1], position + 1)
        elif following and (word.says("diagnostics", "foreach") or _is_loop(word, following)):
            yield Assigned(following[0].text)


def _is_loop(word: Word, following: Sequence[Word]) -> bool:
    return word.says("for") and len(following) > 1 and following[1].says("in")


def _read_into(words: Sequence[Word], start: int, position: int) -> Iterator[Assigned]:
    position += words[position : position + 1] != [] and words[position].says("strict")
    targets, behind = read_items(words, position, ("from", ";", "where", "using"))
    names = [item[0].owner or item[0].text for item in targets if item]
    selected, _ = read_items(words, start + 1, ("from", "into", ";"))
    if names and len(targets[-1]) > 1:  # SELECT INTO name value FROM ...
        selected = [targets[-1][1:]] if len(names) == 1 else []
    if words[behind : behind + 1] == [] or not words[behind].says("from"):  # FROM is before INTO, or nowhere
        _, behind = read_items(words, start + 1, ("from", ";"))
    table, alias, _ = read_target(words, behind + 1, ahead=("where", "for", "into", "join", ";"))
    is_selected = words[behind : behind + 1] != [] and words[behind].says("from")
    if len(names) == 1 < len(selected):  # a row
        selected = [[_STAR]]
    is_known = words[start].says("select") and len(names) == len(selected)
    for name, value in zip(names, selected if is_known else [[]] * len(names), strict=True):
        yield Assigned(name, tuple(value), *((table, alias) if is_selected else ()))
