"""Cells of CSV: no text is a formula, however a spreadsheet cuts the line; numbers are numbers."""

import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.render.csv_cells import csv_cell, csv_line

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
@pytest.mark.parametrize("before", ["", " ", "\u00a0\u3000", "\u200d", "\t", '"', ' "" '], ids=ascii)
def test_a_text_that_begins_with_a_sign_is_text(before: str, sign: str) -> None:
    assert csv_cell(f"{before}{sign}1+1").startswith("'")


@pytest.mark.parametrize("separator", [";", "\t", "\n", ";;", "; ", ";\t", '\n"'], ids=ascii)
def test_behind_what_another_spreadsheet_takes_for_a_separator_it_is_text_too(separator: str) -> None:
    cell = csv_cell(f"harmless{separator}=1+1")

    assert re.search("""[;\t\n]'["\\s]*=1\\+1$""", cell)


@pytest.mark.parametrize("text", ["\tx", "\nx", ";x", "\r\nx"], ids=ascii)
def test_what_begins_with_a_separator_begins_with_an_apostrophe(text: str) -> None:
    assert csv_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["tea", "a = b", "3-4", "ops@example.com", "a;b", "two\nlines", "1 + 1", ""])
def test_other_texts_are_as_they_were(text: str) -> None:
    assert csv_cell(text) == text


def test_numbers_stay_numbers() -> None:
    values = (-5, -1.5, Decimal("-0.10"), 3)

    assert [Decimal(csv_cell(value)) for value in values] == [Decimal(str(value)) for value in values]


def test_json_stays_json_and_nothing_stays_nothing() -> None:
    assert (csv_cell({"a": [1, None]}), csv_cell(True), csv_cell(None)) == ('{"a": [1, null]}', "true", "")


@given(st.lists(st.text(alphabet=f"ab;,\t\n\r\"' {SIGNS}"), min_size=1, max_size=4))
def test_no_cell_of_any_reading_is_a_formula(texts: list[str]) -> None:
    line = csv_line(["id", *texts])

    for separator in ",;\t":
        rows = csv.reader(io.StringIO(line), delimiter=separator)
        for cell in (cell for row in rows for cell in row):
            assert not cell.lstrip(' \t\n\r"\u00a0').startswith(tuple(SIGNS)), (separator, line)
