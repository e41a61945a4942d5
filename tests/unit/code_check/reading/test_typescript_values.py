"""What an expression of TypeScript can be: literals, names, and what becomes of variables."""

from itertools import islice
from typing import Any

import pytest

from agentctl.core.code_check.reading.typescript.reduction import HEAVIEST, walk
from agentctl.core.code_check.reading.typescript.values import Constant
from support.typescript import exported, module

CONSTANTS = [
    ("'a'", "a"),
    ('"it\\u0027s"', "it's"),
    ("`a`", "a"),
    ("`a${'b'}c`", "abc"),
    ("'a' + 'b' + `c`", "abc"),
    ("`a${y}`", "`a?"),
    ("1_000", 1000),
    ("-1.5", -1.5),
    ("0xff", 255),
    ("123456789012345678901234567890n", "?"),
    ("-0xffffffffffffffffffff", "?"),
    ("[true, null, undefined, void 0]", [True, None, "?", "?"]),
    ("('a' as const)!", "a"),
    ("<string>'a'", "a"),
    ("{ a: 1, 'b': 2, ['c']: 3, [`d`]: 4 } as const", {"a": 1, "b": 2, "c": 3, "d": 4}),
    ("Object.freeze({ a: { b: 'c' } })", {"a": {"b": "c"}}),
    ("Object.assign({}, { a: 1 }, y && { b: 2 })", {"...": {"a": 1}, "...?": {"b": 2}}),
    ("y ? 'a' : 'b'", ("a", "b")),
    ("y ?? 'a'", ("?", "a")),
    ("null ?? 'a'", "a"),
    ("y || 'a'", ("?", "a")),
    ("y && 'a'", ("?", "a")),
    ("{ ...(y ? { a: 1 } : {}) }", {"...": ({"a": 1}, {})}),
    ("{ ...(y && { a: 1 }) }", {"...?": {"a": 1}}),
    ("[...[1, 2], 3]", [1, 2, 3]),
    ("[...y, 3]", [3, "..."]),
    ("rows.map((row) => ({ a: row.b }))", [{"a": "$0.b"}, "..."]),
    ("rows.map(function (row) { return { a: 1 } })", [{"a": 1}, "..."]),
    ("[1, 2].filter(Boolean)", [1, 2, "..."]),
    ("['a', 'b'].join(', ')", "a, b"),
    ("['a', y].join()", "`a,?"),
    ("[...y].join()", "?"),
    ("` a `.trim()", " a "),
    ("new Date().toISOString()", "?"),
    ("{ a: 1 }[y]", "?"),
    ("{ a: 1 }['a']", 1),
    ("[7, 8][1]", 8),
    ("import.meta.env", "?"),
]
NAMES = [
    ("const y = { a: { b: 'c' } }; export const x = y.a.b", "c"),
    ("const y = { a: 'c' }; const { a: z } = y; export const x = z", "c"),
    ("const { a = 'd' } = {}; export const x = a", "d"),
    ("const [, b] = ['a', 'c']; export const x = [b]", ["a"]),
    ("enum Y { A = 'a', B }; export const x = [Y.A, Y.B]", ["a", "?"]),
    ("const enum Y { A = 'a' }; export const x = Y['A']", "a"),
    ("class Y { static A = 'a' }; export const x = Y.A", "a"),
    ("const x0 = 'out'; { const x0 = 'in' } export const x = x0", "out"),
    ("import { y } from './y'; export const x = y.a", "./y#y.a"),
    ("import * as y from './y'; export const x = y.a.b", "./y#a.b"),
    ("import y from './y'; export const x = y('a')", "./y#default()"),
    ("const y = require('./y'); export const x = y.a", "./y#a"),
    ("const { a } = require('./y'); export const x = a", "./y#a"),
    ("const y = () => ({ a: 1 }); export const x = y()", {"a": 1}),
    ("function y(z) { return { a: z.b } }; export const x = y({ b: 2 })", {"a": 2}),
    ("class Y { a = 'c' }; export const x = new Y().a", "c"),
    ("const a = b; const b = a; export const x = a", "?"),
    ("export const x = x", "?"),
]
VARIABLES = [
    ("let y = 'a'; y = 'b'; export const x = y", "b"),
    ("let y = 'a'; const f = () => y; y = 'b'; export const x = f()", ("a", "b")),
    ("let y = 'a'; if (z) y = 'b'; export const x = y", ("a", "b")),
    ("const y: any = { a: 1 }; delete y.a; export const x = y", {"a": "?"}),
    ("let y; if (z) y = 'a'; else y = 'b'; export const x = y", ("a", "b")),
    ("let y = 1; y += 1; export const x = y", "?"),
    ("const y: any = { a: 1 }; y.b = 2; y['c'] = 3; export const x = y", {"a": 1, "b": 2, "c": 3}),
    ("const y: any = { a: 1 }; if (z) y.b = 2; export const x = y", {"a": 1, "b?": 2}),
    ("const y: any = { a: 1 }; export const x = y; y.b = 2", {"a": 1}),
    ("const y = { a: 1 }; fill(y); export const x = { ...y }", {"...": {"a": 1, "...": "?"}}),
    ("const y = { a: 1 }; console.log(y); export const x = { ...y }", {"...": {"a": 1}}),
    (
        "const y = { a: 1 }; Object.assign(y, { b: 2 }); export const x = { ...y }",
        {"...": {"a": 1, "...": {"b": 2}}},
    ),
    ("const y = []; y.push({ a: 1 }); export const x = [y]", [[{"a": 1}, "..."]]),
]


@pytest.mark.parametrize(("expression", "expected"), CONSTANTS)
def test_an_expression_has_its_value(expression: str, expected: Any) -> None:
    assert exported(f"export const x = {expression}") == expected


@pytest.mark.parametrize(("source", "expected"), NAMES)
def test_a_name_means_its_declaration(source: str, expected: Any) -> None:
    assert exported(source) == expected


@pytest.mark.parametrize(("source", "expected"), VARIABLES)
def test_a_variable_has_every_value_it_can_have(source: str, expected: Any) -> None:
    assert exported(source) == expected


def test_a_value_that_keeps_doubling_is_not_followed_forever() -> None:
    steps = "".join(f"const v{n} = {{ a: v{n - 1}, b: v{n - 1} }}\n" for n in range(1, 40))
    exports = module(f"const v0 = 'a'\n{steps}export const x = v39, y = v10").exports

    assert sum(1 for _ in islice(walk(exports["x"]), HEAVIEST + 1)) <= HEAVIEST
    assert [part.value for part in walk(exports["y"]) if isinstance(part, Constant)].count("a") >= 2**10
