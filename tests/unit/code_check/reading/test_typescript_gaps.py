"""What is valid and the grammars do not know: it costs nothing of a file, and moves nothing in it."""

import pytest

from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.gaps import fill_gaps
from agentctl.core.code_check.reading.typescript.module import read_module
from support.typescript import plain_chain

CHAIN = "\nconst runs = db.from('runs').select('id')"


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("const a = () => <b>Save & exit</b>", Language.TSX),
        ("const a = () => <b>R&D & {more} & so on & <i>on</i></b>", Language.TSX),
        ("const a = () => <b>Save &\n exit</b>", Language.JAVASCRIPT),
        ("function a() { return <b>R&D & more</b> }", Language.TSX),
        ("const a = sql<Run[]>`select 1`", Language.TYPESCRIPT),
        ("const a = sql<{ id: string; note: string | null }[]>`select ${1}`", Language.TYPESCRIPT),
        ("const a = await load<typeof import('./runs')>()", Language.TYPESCRIPT),
    ],
)
def test_a_gap_of_a_grammar_is_filled(source: str, language: Language) -> None:
    module = read_module((source + CHAIN).encode(), language)

    assert module.error is None
    assert [plain_chain(chain) for chain in module.chains] == ["db.from(runs).select(id)"]
    assert module.chains[0].location.line == source.count("\n") + 2


@pytest.mark.parametrize(
    "source",
    [
        "if (a > 1 && b < 2) { c() }",
        "const mask = a > b & c",
        "<b>&amp; &#38; &nbsp;</b>",
        "if (a) { b() } else if (c && d) { e() }",
        "const small = a < b, large = c > (d)",
    ],
)
def test_a_text_that_is_no_gap_stays(source: str) -> None:
    assert fill_gaps(source.encode()) == source.encode()


def test_a_syntax_error_is_reported_where_it_is() -> None:
    module = read_module(b"const a = <b>Save & exit</b>\nconst = 1\n", Language.TSX)

    assert module.error is not None
    assert module.error.line == 2
