"""Reads the SQL that Python code hands to a PostgreSQL driver as a text.

A text that is composed at run time, or that PostgreSQL would not understand, is counted and not guessed.
"""

import ast
import re
import warnings

from agentctl.core.code_check.reading.python.calls import CALLED, begins_with_a_verb, list_handed_over
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
    """Whether a Python file is worth reading: whether it makes calls that take SQL, and has some."""
    return CALLED.search(content) is not None and _VERB.search(content) is not None


def read_python(source: str, *, file: str) -> CodeReading:
    """Read the SQL in one Python file.

    Args:
        source: the file's text.
        file: its name, for locations.

    """
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about invalid escapes: the file's author has seen them
        try:
            module = ast.parse(text)
        except SyntaxError as error:
            return _make_unparsed(file, error.msg, error.lineno or 1, error.offset or 1)
        except ValueError as error:  # a NUL, or half of a surrogate pair
            return _make_unparsed(file, str(error), 1, 1)
        except (RecursionError, MemoryError):
            return _make_unparsed(file, "nested too deeply", 1, 1)
        return _read_module(module, text, file) if is_for_postgres(module) else CodeReading()


def _read_module(module: ast.Module, source: str, file: str) -> CodeReading:
    texts = _list_texts(module, source)
    path = source.find(_SEARCH_PATH)
    whole = [(text.value, text.locate) for text in texts if text.whole]
    reading = read_texts(whole, file=file, lost=path >= 0)
    unresolved = [
        Unresolved(_AT_RUN_TIME, Location(file, *text.locate(0))) for text in texts if not text.whole
    ]
    unresolved += [Unresolved(f"{_NOT_POSTGRES}: {text.why}", text.location) for text in reading.unparsed]
    if path >= 0 and whole:
        unresolved.append(Unresolved(_ELSEWHERE, Location(file, *Lines(source).locate(path))))
    return CodeReading(uses=reading.uses, unresolved=(*reading.unresolved, *unresolved))


def _list_texts(module: ast.Module, source: str) -> list[Text]:
    """Return what looks like SQL, each text once, in the order of the file."""
    texts = Texts(Source(source))
    arguments = (texts.text(argument, names) for argument, names in list_handed_over(module))
    sql = {
        (text.pieces, text.whole): text
        for text in arguments
        if text is not None and begins_with_a_verb(text.value)
    }
    return sorted(sql.values(), key=lambda text: text.locate(0))


def _make_unparsed(file: str, why: str, line: int, column: int) -> CodeReading:
    return CodeReading(unparsed=(Unparsed(Location(file, line, column), why),))
