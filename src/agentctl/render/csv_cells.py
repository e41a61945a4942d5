"""Writes CSV that no spreadsheet takes for formulas, however it cuts the lines into cells.

A cell that begins with a sign is a formula to a spreadsheet, also behind blanks, which many trim, and also
where the sign is a full-width one. Where semicolons or tabs separate cells (a spreadsheet of another locale),
a text is cut in its middle, and what stands behind a line end begins a row. An apostrophe in front makes text
of each. Numbers stay numbers.
"""

import csv
import io
import re
from collections.abc import Iterable
from decimal import Decimal

from agentctl.render.clean import clean
from agentctl.render.envelope import to_json

_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207c\u208a\u208c\ufb29\u2212"
_FORMULA = re.compile(rf'(^|[;\t\n])(?=["\s\u200c\u200d]*[{_SIGNS}])|^(?=[\t\n;])')


def csv_line(cells: Iterable[object]) -> str:
    """Write values as one line: texts made harmless, JSON as JSON, nothing where there is none."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(csv_cell, cells))
    return line.getvalue()


def csv_cell(value: object) -> str:
    """Return a cell's text."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal):
        return to_json(value).strip('"')
    text = clean(value) if isinstance(value, str) else to_json(value).strip('"')
    return _FORMULA.sub(lambda match: f"{match[1] or ''}'", text)
