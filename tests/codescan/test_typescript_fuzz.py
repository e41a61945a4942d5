"""No text makes the reader of TypeScript raise, and a text twice as long never takes four times the steps."""

import random
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentctl.core.code_check.code_check import check_code
from agentctl.core.code_check.context import CheckContext
from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.chains import uses_of
from agentctl.core.code_check.reading.typescript.clients import is_supabase
from agentctl.core.code_check.reading.typescript.linking import Linker
from agentctl.core.code_check.reading.typescript.module import read_module, read_returned
from agentctl.core.code_check.reading.uses import CodeReading
from agentctl.core.schema_files.ddl import Schema

_TESTS = Path(__file__).parents[1]
_CORPUS = sorted(
    path for path in (_TESTS / "codescan/corpus").rglob("*") if path.suffix in {".ts", ".tsx", ".js"}
)
_SNIPPETS = [path.read_bytes() for path in _CORPUS]
_PIECES = sorted(set(re.findall(rb"\w+|[^\w\s]+|\s+", b" ".join(_SNIPPETS))))
_LANGUAGES = (Language.TYPESCRIPT, Language.TSX, Language.JAVASCRIPT)
_HEAD = 'import { supabase } from "./client";\n'
_often = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
_languages = st.sampled_from(_LANGUAGES)
_snippets = st.sampled_from(_SNIPPETS)


@cache
def _context() -> CheckContext:
    schema = Schema()
    schema.apply((_TESTS / "codescan/schema.sql").read_text("utf-8"), file="schema.sql")
    return CheckContext(schema.catalog())


def read(contents: Mapping[str, bytes], language: Language = Language.TYPESCRIPT) -> CodeReading:
    """Read files that import each other by `./name`, and judge what they do."""
    modules = {name: read_module(content, language) for name, content in contents.items()}
    linker = Linker(
        modules.get,
        lambda name, number: read_returned(contents[name], language, number),
        lambda specifier, _: (
            specifier.removeprefix("./") if specifier.removeprefix("./") in modules else None
        ),
    )
    for _ in range(3):
        for module in modules.values():
            linker.want_callers(module)
        for name, module in modules.items():
            linker.add_callers(name, module)
    found = [
        uses_of(chain, file=name)
        for name, module in modules.items()
        for chain in linker.chains(name, module, is_supabase)
        if is_supabase(chain)
    ]
    reading = CodeReading(
        tuple(use for one in found for use in one.uses),
        tuple(unresolved for one in found for unresolved in one.unresolved),
    )
    check_code(reading, _context())
    return reading


def read_one(content: bytes, language: Language = Language.TYPESCRIPT) -> CodeReading:
    """Read a file that also imports itself."""
    reading = read({"main": content, "client": content}, language)
    lines = content.count(b"\n") + 1
    places = [one.location for one in (*reading.uses, *reading.unresolved)]
    assert all(1 <= place.line <= lines and place.column >= 1 for place in places)
    return reading


@_often
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")),
    _languages,
)
def test_reads_any_bytes(content: bytes, language: Language) -> None:
    read_one(content, language)
    read_one(_HEAD.encode() + b'supabase.from("agents").select(' + content, language)


@_often
@given(st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join), _languages)
def test_reads_words_in_any_order(content: bytes, language: Language) -> None:
    read_one(content, language)


@_often
@given(_snippets, st.integers(0, 5000), st.integers(0, 5000), _languages)
def test_reads_any_part_of_a_file(content: bytes, start: int, length: int, language: Language) -> None:
    start %= len(content)
    read_one(content[start : start + length], language)
    read_one(content[:start], language)


@_often
@given(_snippets, st.randoms(use_true_random=False), st.integers(1, 12), _languages)
def test_reads_a_file_with_broken_parts(
    content: bytes, chance: random.Random, places: int, language: Language
) -> None:
    for _ in range(places):
        start = chance.randrange(len(content) + 1)
        content = content[:start] + chance.choice(_PIECES) + content[start + chance.choice((0, 0, 1, 8)) :]
    read_one(content, language)


@_often
@given(_snippets, _snippets, st.integers(0, 5000))
def test_reads_one_file_in_the_middle_of_another(outer: bytes, inner: bytes, at: int) -> None:
    at %= len(outer)
    read_one(outer[:at] + inner + outer[at:])


def test_finds_chains_before_and_after_broken_code() -> None:
    chain = 'supabase.from("{}").select("id");\n'
    for broken in ("}])\n", "const = ;\n", "x y z\n", "@@@\n", "function (\n", "<T\n"):
        reading = read_one((_HEAD + chain.format("one") + broken + chain.format("two")).encode())
        assert any("one" in str(use) for use in reading.uses), broken


def _nested(before: str, middle: str, after: str) -> Callable[[int], str]:
    return lambda depth: f"{_HEAD}{before * depth}{middle}{after * depth};"


def _inside(before: str, middle: str, after: str) -> Callable[[int], str]:
    return lambda depth: f'{_HEAD}supabase.from("agents").insert({before * depth}{middle}{after * depth});'


_CHAIN = 'supabase.from("agents").select("id")'
_DEEP: dict[str, Callable[[int], str]] = {
    "parentheses": _inside("(", "{ id: 1 }", ")"),
    "objects": _inside("{ a: ", "1", " }"),
    "arrays": _inside("[", "1", "]"),
    "calls": _inside("f(", "1", ")"),
    "ternaries": _inside("a ? b : ", "c", ""),
    "conditions": _inside("a ? ", "b", " : c"),
    "spreads": _inside("{ ...", "a", " }"),
    "templates": _inside("`${", "a", "}`"),
    "sums": _inside("a + ", "b", ""),
    "casts": _inside("<T>", "a", ""),
    "types": _inside("", "a as B", "<A>"),
    "functions": _nested("function f() { return ", _CHAIN, " }"),
    "function expressions": _nested("(function () { return ", _CHAIN, " })"),
    "arrows": _nested("x => ", _CHAIN, ""),
    "blocks": _nested("{ ", _CHAIN, " }"),
    "branches": _nested("if (x) { t = 1 } else ", "{}", ""),
    "patterns": _nested("const { a: ", "b } = c", " }"),
    "chains": _nested('supabase.from("agents").select(', "1", ")"),
    "callbacks": _nested(f"{_CHAIN}.then(() => ", "1", ")"),
    "open": _nested("f({ [`${", _CHAIN, ""),
    "closed": _nested("} ] )", _CHAIN, ""),
    "classes": _nested("class A { m() { ", _CHAIN, " } }"),
    "selects": lambda depth: f'{_HEAD}supabase.from("agents").select("{"a(" * depth}id{")" * depth}");',
    "filters": lambda depth: f'{_HEAD}{_CHAIN}.or("{"and(" * depth}id.eq.1{")" * depth}");',
    "members": lambda depth: (
        f"{_HEAD}const o = {'{ a: ' * depth}'id'{'}' * depth};"
        f"supabase.from('agents').select(o{'.a' * depth});"
    ),
}


@pytest.mark.parametrize("name", _DEEP)
@pytest.mark.parametrize("depth", [60, 700])
def test_reads_endlessly_nested_code(name: str, depth: int) -> None:
    for language in _LANGUAGES:
        read_one(_DEEP[name](depth).encode(), language)


_CIRCLES: dict[str, dict[str, str]] = {
    "itself": {"a": 'export * from "./a"; export { x } from "./a"; import { x } from "./a"; use(x);'},
    "stars": {"a": 'export * from "./b";', "b": 'export * from "./c";', "c": 'export * from "./a";'},
    "values": {
        "a": 'import { y } from "./b"; export const x = y;',
        "b": 'import { x } from "./a"; export const y = x; export default y;',
    },
    "objects": {
        "a": 'import { y } from "./b"; export const x = { ...y, y, z: y.z };',
        "b": 'import { x } from "./a"; export const y = { ...x, x, z: x.z };',
    },
    "functions": {
        "a": 'import { g } from "./b"; export function f(t) { g(t + 1); return g(f(t)); }',
        "b": 'import { f } from "./a"; export function g(t) { f([t]); return f({ t, ...g(t) }); }',
    },
}


@pytest.mark.parametrize("name", _CIRCLES)
def test_reads_files_with_circular_imports(name: str) -> None:
    files = {
        "main": 'import { x, f } from "./a"; import y, { g } from "./b"; import * as a from "./a";\n'
        + _HEAD
        + "".join(
            f"supabase.from('agents').select({one}).eq({one}, 1);"
            for one in ("x", "y", "a.x", "f(x)", "g(f(y))", "x.x.x.x", "a.a.x")
        ),
        **_CIRCLES[name],
    }
    assert read({key: content.encode() for key, content in files.items()}).uses


@pytest.mark.parametrize(
    "source",
    [
        "const a = a; supabase.from(a).select(a).insert({ [a]: a, ...a });",
        "const a = { ...a, a, b: a.b.c }; supabase.from('agents').insert(a);",
        "let q = supabase.from('agents').select('id'); q = q; q = q.eq(q, q); q.eq(q.eq(q));",
        "const f = () => f(); supabase.from(f()).insert(f(f));",
        "function f(a = a, b = f(b)) { return supabase.from(a).select(b ?? f(a, b)); } f(f(f), f);",
        "class A { a = this.a; m(x = this.m(x)) { return this.m(supabase.from(this.a).select(x)); } }",
        "const { a = a, b: { c = a } = c, ...d } = d; supabase.from(a).insert({ ...d, [c]: d });",
        "for (const a of a) { a.push(a); supabase.from('agents').insert(a); }",
        "const o = {}; o.o = o; o.p = { ...o }; supabase.from('agents').insert(o.o.o.p.o);",
        "const o = []; o.push(o, ...o); supabase.from('agents').insert([...o, o]);",
    ],
)
def test_reads_values_that_refer_to_themselves(source: str) -> None:
    read_one(f"{_HEAD}{source}".encode())


def _repeated(unit: Callable[[int], str], before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda count: _HEAD + before + "".join(map(unit, range(count))) + after


_INSERT = 'supabase.from("agents").insert('
_LONG: dict[str, Callable[[int], str]] = {
    "chains": _repeated(lambda n: f'supabase.from("agents").select("id").eq("name", {n});\n'),
    "steps": _repeated(lambda n: f'.eq("id", {n})', _CHAIN),
    "columns": _repeated(lambda n: f"a{n}: {n},", f"{_INSERT}{{", "});"),
    "rows": _repeated(lambda n: f"{{ a: {n} }},", f"{_INSERT}[", "]);"),
    "spreads": _repeated(lambda _: "...o,", f"const o = {{ a: 1 }}; {_INSERT}{{", "});"),
    "conditions": _repeated(lambda n: f"...(p && {{ a{n}: 1 }}),", f"{_INSERT}{{", "});"),
    "pieces": _repeated(lambda n: "${x}," if n % 2 else "a,", 'supabase.from("agents").select(`', "`);"),
    "exports": _repeated(lambda n: f"export const a{n} = {n};\n", "", _CHAIN),
    "imports": _repeated(lambda n: f'import {{ a{n} }} from "./m{n}";\n', "", _CHAIN),
    "aliases": _repeated(lambda n: f"const a{n + 1} = a{n};\n", "const a0 = 'id';", "supabase.from(a9);"),
    "callers": _repeated(lambda n: f'f("t{n}");\n', "function f(t) { return supabase.from(t).select(); }\n"),
    "parameters": lambda count: (
        f"{_HEAD}function f({', '.join(f'a{n}' for n in range(count))}) "
        f"{{ return supabase.from(a0).select(a1); }} f({', '.join(map(str, range(count)))});"
    ),
    "scopes": _repeated(lambda n: f"function f{n}(x) {{ const y = x; {{ let z = y; }} }}\n", "", _CHAIN),
    "cases": _repeated(lambda n: f"case {n}: y = {n};\n", "switch (x) {", f"}} {_CHAIN}"),
    "pushes": _repeated(lambda n: f"o.push({{ a: {n} }});\n", "const o = [];", f"{_INSERT}o);"),
    "variables": _repeated(lambda n: f'let q{n} = {_CHAIN}; q{n} = q{n}.eq("id", 1);\n'),
    "values": _repeated(lambda n: f"{n},", f'{_CHAIN}.in("id", [', "]);"),
    "brackets": _repeated(lambda _: "}])", "", _CHAIN),
}


@pytest.mark.parametrize("name", _LONG)
def test_twice_the_code_takes_about_twice_the_steps(name: str) -> None:
    read_one(_LONG[name](10).encode())  # what is done but once
    once, twice = (_steps(_LONG[name](count)) for count in (200, 400))
    assert twice < 2.5 * once


def _steps(source: str) -> int:
    """Return how many calls reading a text takes: a number that does not depend on the machine's load."""
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    content = source.encode()
    sys.setprofile(called)
    try:
        read({"main": content})
    finally:
        sys.setprofile(None)
    return count


_DOUBLING: dict[str, tuple[str, str]] = {
    "sums": ("const a{0} = a{1} + a{1};", "supabase.from('agents').select(a{0});"),
    "texts": ("const a{0} = `${{a{1}}}${{a{1}}}`;", "supabase.from('agents').select(a{0});"),
    "choices": ("const a{0} = p ? a{1} : [a{1}];", "supabase.from(a{0}).insert(a{0});"),
    "objects": ("const a{0} = {{ p: a{1}, q: a{1} }};", "supabase.from('agents').insert(a{0});"),
    "spreads": ("const a{0} = {{ ...a{1}, ...a{1}, b{0}: 1 }};", "supabase.from('agents').insert(a{0});"),
    "lists": ("const a{0} = [...a{1}, ...a{1}];", "supabase.from('agents').insert(a{0});"),
    "functions": ("const a{0} = (x) => a{1}(a{1}(x));", "supabase.from('agents').insert(a{0}(1));"),
    "calls": (
        "function a{0}(x) {{ return [a{1}(x), a{1}(x)]; }}",
        "supabase.from('agents').insert(a{0}(1));",
    ),
}


@pytest.mark.parametrize("name", _DOUBLING)
def test_values_that_double_line_by_line_do_not_double_the_work(name: str) -> None:
    line, use = _DOUBLING[name]
    sources = [
        _HEAD
        + "const a0 = p ? 'x' : 'y';\n"
        + "\n".join(line.format(n, n - 1) for n in range(1, count))
        + use.format(count - 1)
        for count in (30, 60)
    ]
    once, twice = map(_steps, sources)
    assert once < 3_000_000
    assert twice < 3 * once
