"""Reads the SQL that Python code hands to a PostgreSQL driver as a text.

A text that is put together at run time, or that PostgreSQL would not understand, is counted and not guessed.
"""

import ast
import re
import warnings

from agentctl.core.code_check.reading.python.calls import CALLED, begins_with_a_verb, handed_over
from agentctl.core.code_check.reading.python.drivers import is_for_postgres
from agentctl.core.code_check.reading.python.literals import Source, Text
from agentctl.core.code_check.reading.python.texts import Texts
from agentctl.core.code_check.reading.sql_reader import read_texts
from agentctl.core.code_check.reading.uses import CodeReading, Unparsed, Unresolved
from agentctl.core.location import Location
from agentctl.core.sql.lines import Lines

_VERB = re.compile(
    rb"\b(?:select\s|insert\s+into\s|delete\s+from\s|merge\s+into\s|update\s[^:]{1,200}?\sset\s|copy\s[^:]{1,200}?\sstd)",
    re.IGNORECASE,
)
_SEARCH_PATH = "search_path"
_AT_RUN_TIME = "SQL that is built at run time"
_NOT_POSTGRES = "SQL that PostgreSQL does not understand"
_ELSEWHERE = "tables behind a search path that the code sets itself"


def may_hold_sql(content: bytes) -> bool:
    """Whether a Python file is worth reading: whether it calls what takes SQL, and has a bit of it."""
    return CALLED.search(content) is not None and _VERB.search(content) is not None


def read_python(source: str, *, file: str, made: frozenset[str] = frozenset()) -> CodeReading:
    """Read the SQL in one Python file.

    Args:
        source: the file's text.
        file: its name, for places.
        made: names of tables that are made elsewhere in the code.

    """
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes: the file's author has seen them
        try:
            module = ast.parse(text)
        except SyntaxError as error:
            return _unparsed(file, error.msg, error.lineno or 1, error.offset or 1)
        except ValueError as error:  # a NUL, or half of a surrogate pair
            return _unparsed(file, str(error), 1, 1)
        except (RecursionError, MemoryError):
            return _unparsed(file, "nested too deeply", 1, 1)
        return _read(module, text, file, made) if is_for_postgres(module) else CodeReading()


def _read(module: ast.Module, source: str, file: str, made: frozenset[str]) -> CodeReading:
    texts = _texts(module, source)
    path = source.find(_SEARCH_PATH)
    whole = [(one.value, one.locate) for one in texts if one.whole]
    reading = read_texts(whole, file=file, made=made, lost=path >= 0)
    unresolved = [Unresolved(_AT_RUN_TIME, Location(file, *one.locate(0))) for one in texts if not one.whole]
    unresolved += [Unresolved(f"{_NOT_POSTGRES}: {one.why}", one.location) for one in reading.unparsed]
    if path >= 0 and whole:
        unresolved.append(Unresolved(_ELSEWHERE, Location(file, *Lines(source).locate(path))))
    return CodeReading(uses=reading.uses, unresolved=(*reading.unresolved, *unresolved))


def _texts(module: ast.Module, source: str) -> list[Text]:
    """Return what looks like SQL, each text once, in the order of the file."""
    texts = Texts(Source(source))
    found = (texts.text(argument, names) for argument, names in handed_over(module))
    sql = {
        (text.pieces, text.whole): text
        for text in found
        if text is not None and begins_with_a_verb(text.value)
    }
    return sorted(sql.values(), key=lambda text: text.locate(0))


def _unparsed(file: str, why: str, line: int, column: int) -> CodeReading:
    return CodeReading(unparsed=(Unparsed(Location(file, line, column), why),))
