"""Writes what was read from TypeScript as plain Python values, so that a test's expectation is one line."""

from collections.abc import Mapping
from typing import Any

from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.calls import Chain
from agentctl.core.code_check.reading.typescript.linking import Linker
from agentctl.core.code_check.reading.typescript.module import Module, read_module, read_returned
from agentctl.core.code_check.reading.typescript.values import (
    Choice,
    Constant,
    Entry,
    Function,
    Imported,
    Listing,
    Member,
    Parameter,
    Record,
    Result,
    Template,
    Value,
)


def module(source: str, language: Language = Language.TYPESCRIPT) -> Module:
    """Read one file."""
    return read_module(source.encode(), language)


def exported(source: str, name: str = "x") -> Any:
    """Return a file's exports as plain values."""
    return plain(module(source).exports[name])


def plain(value: Value) -> Any:
    """Return a plain value: `?` is unknown, `$0` a parameter, `./file#name` an import, a tuple options."""
    match value:
        case Constant(content):
            return content
        case Record(entries):
            return dict(map(_format_entry, entries))
        case Listing(items, whole):
            return [*map(plain, items), *([] if whole else ["..."])]
        case Choice(options):
            return tuple(map(plain, options))
    return _open(value)


def _open(value: Value) -> str:
    match value:
        case Template(pieces):
            told = all(isinstance(piece, Constant) for piece in pieces)
            return ("" if told else "`") + "".join(str(plain(piece)) for piece in pieces)
        case Function():
            return "function"
        case Imported(specifier, name):
            return f"{specifier}#{name}"
        case Parameter(_, position):
            return f"${position}"
        case Member(base, name):
            return f"{plain(base)}.{name}"
    return f"{plain(value.function)}()" if isinstance(value, Result) else "?"


def _format_entry(entry: Entry) -> tuple[Any, Any]:
    key = "..." if entry.key is None else plain(entry.key)
    return (key if entry.always else f"{key}?", plain(entry.value))


def plain_chain(chain: Chain) -> str:
    """Write a chain as it is called."""
    schema = [] if chain.schema is None else [f"schema({plain(chain.schema)})"]
    first = ", ".join(map(str, map(plain, (chain.target, *chain.arguments))))
    steps = (f"{step.method}({', '.join(str(plain(one)) for one in step.arguments)})" for step in chain.steps)
    return ".".join([chain.client_name, *schema, f"{chain.kind}({first})", *steps])


def chains(source: str) -> list[str]:
    """Return the chains of one file."""
    return list(map(plain_chain, module(source).chains))


def linked(files: Mapping[str, str], file: str = "main") -> list[str]:
    """Return the chains of one of several files that import each other by `./name`."""
    modules = {name: module(source) for name, source in files.items()}
    names = {f"./{name}": name for name in modules}
    linker = Linker(
        modules.get,
        lambda name, number: read_returned(files[name].encode(), Language.TYPESCRIPT, number),
        lambda specifier, _: names.get(specifier),
    )
    for _ in range(3):
        for found in modules.values():
            linker.want_callers(found)
        for name, found in modules.items():
            linker.add_callers(name, found)
    return list(map(plain_chain, linker.chains(file, modules[file], lambda _: True)))
