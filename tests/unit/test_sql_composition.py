"""No name gets into SQL but as an identifier, nor into a hint's command but as a word: our source is read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import agentctl

_SOURCE = Path(agentctl.__file__).parent
# These model SQL in thought, and send none: what they write is parsed again, and compared with a server's.
_IN_THOUGHT = ("core/schema_files/", "core/code_check/reading/", "core/code_check/")
_MODULES = [
    path
    for path in sorted(_SOURCE.rglob("*.py"))
    if not str(path.relative_to(_SOURCE)).startswith(_IN_THOUGHT)
]
_SQL = re.compile(
    r"\b(SELECT \S|INSERT INTO|UPDATE \S+ SET|DELETE FROM|(ALTER|CREATE|DROP|RENAME|ADD) [A-Z]+ |"
    r"COMMENT ON|GRANT \S|REVOKE \S|LOCK TABLE|SET LOCAL|TRUNCATE |COPY |RETURNING |ORDER BY|FROM \{)"
)
_COMMAND = re.compile(
    r"\bagentctl (run|wait|retry|stop|history|credits|schema-check|migrate-full|reconcile|audit|agents|"
    r"worker|queue|batch|init|explain|help)( [a-z]+)? ?$|\b(pg_restore|pip install|--config|psql) ?[^.]*$"
)
# Handed on by values of ours, in which each is a literal.
_HANDED_ON = {"column.default", "key.order", "privilege", "_choose_type(column, target)"}
_TYPERS_WORDS = {"subcommand", "extra"}


class _Literals:
    """Which names of a function stand for nothing but texts that are written in it."""

    def __init__(self, tree: ast.AST) -> None:
        self._values: dict[str, list[ast.expr | None]] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._bind(name, value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._bind(name, value)
                case ast.arg(arg=name, annotation=ast.expr() as annotation):
                    self._bind(name, ast.Constant("") if "LiteralString" in ast.unparse(annotation) else None)
                case ast.arg(arg=name):
                    self._bind(name, None)
                case ast.comprehension(target=ast.Name(id=name), iter=values):
                    self._bind(name, values)
                case ast.For(target=ast.Name(id=name), iter=values):
                    self._bind(name, values)

    def _bind(self, name: str, value: ast.expr | None) -> None:
        self._values.setdefault(name, []).append(value)

    def has(self, node: ast.expr | None) -> bool:
        """Whether a text is written in the source: a constant, one that is named, or one of several."""
        if node is None or ast.unparse(node) in _HANDED_ON:
            return node is not None
        if isinstance(node, ast.Name) and not _is_constant(node):
            values = self._values.pop(node.id, [None])  # what it is made of cannot be itself
            is_literal = all(map(self.has, values))
            self._values[node.id] = values
            return is_literal
        parts = _parts_of(node)
        return parts is not None and all(map(self.has, parts))


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | None)
    return isinstance(node, ast.Name) and node.id.lstrip("_").isupper()


def _parts_of(node: ast.expr) -> list[ast.expr] | None:
    """Return the texts that a text is one of, or made of; None where it is something else."""
    parts: list[ast.expr] | None = [] if _is_constant(node) else None
    match node:
        case ast.Subscript(value=table) | ast.Call(func=ast.Attribute(value=table, attr="get")):
            parts = [] if _is_constant(table) else None
        case ast.BoolOp(values=values) | ast.JoinedStr(values=values):
            parts = values
        case ast.Tuple(elts=values) | ast.List(elts=values):
            parts = values
        case ast.FormattedValue(value=value) | ast.Starred(value=value):
            parts = [value]
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            parts = [first, second]
    return parts


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _fixed_text(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def _formatted(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield every text that is put together of values, with what of it is fixed."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                yield node, _fixed_text(node)
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                yield node, text
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
                yield node, text
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
                yield node, text


def _functions() -> Iterator[tuple[str, ast.AST, _Literals]]:
    """Yield every function and method, with the functions inside it; and what stands beside them."""
    for path in _MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for part in node.body if isinstance(node, ast.ClassDef) else [node]:
                yield str(path.relative_to(_SOURCE)), part, _Literals(part)


def test_no_statement_is_put_together_of_texts() -> None:
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, tree, literals in _functions()
        for node, text in _formatted(tree)
        if _SQL.search(text) and not literals.has(node)
    ]
    assert "\n".join(found) == ""


def test_the_text_of_every_statement_is_written_in_our_source() -> None:
    found = []
    for name, tree, literals in _functions():
        for call in _calls(tree):
            function = ast.unparse(call.func)
            is_text = function in {"sql.SQL", "compose"} or function.endswith(".query")
            if is_text and call.args and not literals.has(call.args[0]):
                found.append(f"{name}:{call.lineno}: {ast.unparse(call)}")
    assert "\n".join(found) == ""


def test_a_command_that_a_hint_tells_to_type_has_no_bare_value() -> None:
    found = []
    for name, tree, literals in _functions():
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
            before = ""
            for part in node.values:
                if isinstance(part, ast.Constant):
                    before += str(part.value)
                    continue
                value = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
                is_word = "shell_" in value or value in _TYPERS_WORDS or literals.has(part)
                if _COMMAND.search(before) and not is_word:
                    found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
                before += "x"
    assert "\n".join(found) == ""


def test_nothing_is_filled_into_a_comment_or_a_text_of_a_statement() -> None:
    """A value there could end it, whatever quotes the value has of its own."""
    files = sorted(_SOURCE.rglob("*.sql"))
    found = [
        f"{file.relative_to(_SOURCE)}: {found[0]}"
        for file in files
        for found in re.finditer(r"--.*|'[^']*'|/\*.*?\*/", file.read_text(encoding="utf-8"))
        if re.search(r"\{\w*\}|%\(", found[0])
    ]
    assert "core/catalog/catalog.sql" in {str(file.relative_to(_SOURCE)) for file in files}
    assert "\n".join(found) == ""


def test_what_the_rules_look_for_is_what_they_find() -> None:
    for text in ('f"ALTER TABLE {table} RENAME"', '"DROP TABLE %s" % table', '"SELECT " + column'):
        tree = ast.parse(f"def compose(table, column):\n    return {text}")
        ((node, fixed),) = _formatted(tree)
        assert _SQL.search(f"{fixed}x")
        assert not _Literals(tree).has(node)
    assert _COMMAND.search("See: agentctl history ")
    assert _COMMAND.search("agentctl credits grant ")
