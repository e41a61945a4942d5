"""Which file an import means: as TypeScript and Node would say, and nothing where that is not certain."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentctl.core.code_check.reading.typescript.jsonc import parse_jsonc
from agentctl.core.code_check.reading.typescript.patterns import find_best_pattern
from agentctl.core.code_check.reading.typescript.resolution import ModuleResolver

_CONFIGURATIONS = (".json", ".txt")


class Tree:
    """Files on the disk, of which those of the languages are known sources but for the unknown ones."""

    def __init__(self, root: Path, files: Mapping[str, object], unknown: tuple[str, ...]) -> None:
        self.root = root
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        names = [name for name in files if not name.endswith(_CONFIGURATIONS) and name not in unknown]
        self.resolver = ModuleResolver(root / name for name in names if "node_modules" not in name)

    def resolve(self, specifier: str, importer: str = "src/app.ts") -> str | None:
        found = self.resolver.resolve(specifier, self.root / importer)
        return None if found is None else str(found.relative_to(self.root))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def tree(root: Path, *names: str, unknown: tuple[str, ...] = (), **configurations: object) -> Tree:
    """Lay a tree: empty files, and configurations by their names with `__` for `/`."""
    said = {f"{name.replace('__', '/')}.json": content for name, content in configurations.items()}
    return Tree(root, {**dict.fromkeys(names, ""), **said}, unknown)


@pytest.mark.parametrize(
    ("specifier", "file"),
    [
        ("./a", "src/a.ts"),
        ("./a.ts", "src/a.ts"),
        ("./a.js", "src/a.ts"),
        ("./b", "src/b.tsx"),
        ("./b.js", "src/b.tsx"),
        ("./b.jsx", "src/b.tsx"),
        ("./c", "src/c.js"),
        ("./c.js", "src/c.js"),
        ("./d.mjs", "src/d.mts"),
        ("./e.cjs", "src/e.cts"),
        ("./f.service", "src/f.service.ts"),
        ("./g", "src/g/index.ts"),
        ("./g/", "src/g/index.ts"),
        ("./g/index", "src/g/index.ts"),
        ("./g/index.js", "src/g/index.ts"),
        ("./h.js", "src/h.ts"),
        ("./both", "src/both.ts"),
        ("./both/", "src/both/index.js"),
        (".", "src/index.ts"),
        ("./", "src/index.ts"),
        ("..", "index.ts"),
        ("../src/a", "src/a.ts"),
        ("../lib", "lib/index.mjs"),
        ("./a.mjs", None),
        ("./absent", None),
        ("./style.css", None),
        ("a", None),
        ("src/a", None),
        ("/src/a", None),
        ("react", None),
        ("node:fs", None),
        ("https://example.com/a.ts", None),
        ("#a", None),
        ("", None),
        ("./a\0", None),
        ("./\ud800", None),
        ("./" + "a" * 5000, None),
        ("@", None),
        ("*", None),
    ],
)
def test_a_relative_name_is_a_file_with_any_extension_or_a_folders_index(
    root: Path, specifier: str, file: str | None
) -> None:
    files = [
        "a.ts",
        "b.tsx",
        "c.js",
        "d.mts",
        "e.cts",
        "f.service.ts",
        "g/index.ts",
        "both.ts",
        "index.ts",
        "h.js",
        "h.ts",
    ]
    laid = tree(root, *(f"src/{name}" for name in files), "src/both/index.js", "index.ts", "lib/index.mjs")
    assert laid.resolve(specifier) == file
    assert laid.resolve(specifier) == file, "the remembered answer is the same"


def test_a_file_need_not_be_on_the_disk_to_be_known() -> None:
    resolver = ModuleResolver([Path("/nowhere/src/a.ts"), Path("/nowhere/src/b/index.ts")])
    assert resolver.resolve("./b", Path("/nowhere/src/a.ts")) == Path("/nowhere/src/b/index.ts")
    assert resolver.resolve("../a", Path("/nowhere/src/b/index.ts")) == Path("/nowhere/src/a.ts")


def test_a_name_can_mean_a_file_that_is_not_read(root: Path) -> None:
    laid = tree(root, "src/a.ts", "src/a/index.ts", unknown=("src/a.ts",))
    assert laid.resolve("./a") is None
    assert laid.resolve("./a/") == "src/a/index.ts"


def test_paths_of_the_project_lead_to_files(root: Path) -> None:
    paths = {
        "@/*": ["src/*"],
        "@/gen/*": ["gen/*", "src/generated/*"],
        "db": ["src/db/client.ts"],
        "*.model": ["src/models/*"],
        "@both/*": ["nothing/*", "src/*"],
    }
    laid = tree(
        root,
        *("src/a.ts", "src/gen/x.ts", "src/generated/x.ts", "src/db/client.ts", "src/models/user.ts"),
        tsconfig={"compilerOptions": {"paths": paths}},
    )
    assert laid.resolve("@/a", "src/deep/er/app.ts") == "src/a.ts"
    assert laid.resolve("@/a.js") == "src/a.ts"
    assert laid.resolve("@/gen/x") == "src/generated/x.ts"
    assert laid.resolve("db") == "src/db/client.ts"
    assert laid.resolve("db/client") is None
    assert laid.resolve("user.model") == "src/models/user.ts"
    assert laid.resolve("@both/a") == "src/a.ts"
    assert laid.resolve("@/absent") is None


def test_a_file_that_is_not_read_is_not_skipped_for_another(root: Path) -> None:
    options = {"compilerOptions": {"paths": {"@/*": ["gen/*", "src/*"]}}}
    laid = tree(root, "gen/a.ts", "src/a.ts", unknown=("gen/a.ts",), tsconfig=options)
    assert laid.resolve("@/a") is None


def test_names_are_relative_to_the_base_url_and_so_are_paths(root: Path) -> None:
    options = {"compilerOptions": {"baseUrl": "./src", "paths": {"~/*": ["./lib/*"]}}}
    laid = tree(root, "src/a.ts", "src/lib/b.ts", tsconfig=options)
    assert laid.resolve("a") == "src/a.ts"
    assert laid.resolve("lib/b") == "src/lib/b.ts"
    assert laid.resolve("~/b") == "src/lib/b.ts"
    assert laid.resolve("/a") is None


def test_the_nearest_configuration_counts_and_a_broken_one_does_not(root: Path) -> None:
    def said(place: str) -> object:
        return {"compilerOptions": {"paths": {"x": [place]}}}

    laid = tree(
        root,
        *("a.ts", "p/b.ts", "p/q/c.ts", "r/d.ts"),
        tsconfig=said("a"),
        p__tsconfig=said("b"),
        p__jsconfig=said("c"),
        p__q__tsconfig='{"compilerOptions": {"paths": {"x": ["c"]}',
        r__jsconfig=said("d"),
    )
    found = {folder: laid.resolve("x", f"{folder}/app.ts") for folder in (".", "p", "p/q", "r", "s")}
    assert found == {".": "a.ts", "p": "p/b.ts", "p/q": "p/b.ts", "r": "r/d.ts", "s": "a.ts"}


def test_an_extended_configuration_applies_unless_it_is_overridden(root: Path) -> None:
    laid = tree(
        root,
        *("shared/a.ts", "shared/b.ts", "app/b.ts", "app/src/c.ts", "app/src/app.ts"),
        shared__base={"compilerOptions": {"paths": {"a": ["./a"], "own": ["${configDir}/b"]}}},
        app__tsconfig={"extends": "../shared/base"},
        app__src__tsconfig={"extends": ["../../shared/base.json", "./more.json"]},
        app__src__more={"compilerOptions": {"baseUrl": ".", "paths": {"z": ["c"]}}},
    )
    assert laid.resolve("a", "app/x.ts") == "shared/a.ts"
    assert laid.resolve("own", "app/x.ts") == "app/b.ts"
    assert laid.resolve("a", "app/src/x.ts") is None, "the later one's paths replace the earlier one's"
    assert laid.resolve("z", "app/src/x.ts") == "app/src/c.ts"
    assert laid.resolve("c", "app/src/x.ts") == "app/src/c.ts"


@pytest.mark.parametrize("extends", ["@org/base", "@org/base/tsconfig.json", "@org/base/tsconfig"])
def test_a_configuration_may_extend_an_installed_package(root: Path, extends: str) -> None:
    options = {"compilerOptions": {"baseUrl": "${configDir}"}}
    files = {
        "app/a.ts": "",
        "app/tsconfig.json": {"extends": extends},
        "node_modules/@org/base/tsconfig.json": options,
    }
    laid = Tree(root, files, unknown=())
    assert laid.resolve("a", "app/src/x.ts") == "app/a.ts"


def test_configurations_that_extend_one_another_come_to_an_end(root: Path) -> None:
    options = {"compilerOptions": {"paths": {"x": ["a"]}}}
    laid = tree(
        root,
        "a.ts",
        tsconfig={"extends": ["./two", "./tsconfig.json"]},
        two={"extends": ["./tsconfig", "./three", "./three"]},
        three={"extends": ["./two", "./absent", 7], **options},
    )
    assert laid.resolve("x") == "a.ts"


@pytest.mark.parametrize(
    "said",
    [
        [],
        "x",
        {"compilerOptions": []},
        {"compilerOptions": {"paths": ["a"], "baseUrl": 1}},
        {"compilerOptions": {"paths": {"x": "y", "z": [1, None, {}]}}},
        {"extends": {"a": 1}},
        {"compilerOptions": {"paths": {"x": ["\0", "../../../../../../x"]}}},
    ],
)
def test_a_configuration_of_another_shape_is_ignored(root: Path, said: object) -> None:
    laid = tree(root, "src/a.ts", tsconfig=said, package=said)
    assert laid.resolve("x") is None
    assert laid.resolve("z") is None
    assert laid.resolve("./a") == "src/a.ts"


@pytest.mark.parametrize(
    ("package", "file"),
    [
        ({}, "db/src/index.ts"),
        ({"main": "dist/index.js"}, "db/src/index.ts"),
        ({"main": "lib/main.js"}, "db/lib/main.ts"),
        ({"main": "./lib"}, "db/lib/index.ts"),
        ({"types": "lib/main.ts", "main": "src/index.ts"}, "db/lib/main.ts"),
        ({"source": "src/index.ts", "types": "lib/main.ts"}, "db/src/index.ts"),
        ({"exports": "./lib/main.ts"}, "db/lib/main.ts"),
        ({"exports": {".": "./lib/main.ts"}}, "db/lib/main.ts"),
        ({"exports": {"import": "./lib/main.js", "require": "./dist/main.cjs"}}, "db/lib/main.ts"),
        ({"exports": {".": {"types": "./dist/x.d.ts", "default": "./lib/main.ts"}}}, "db/lib/main.ts"),
        ({"exports": {".": ["./lib/main.ts"]}, "main": "src/index.ts"}, "db/lib/main.ts"),
        ({"exports": {".": {"node": "./lib/main.ts", "browser": "./lib/index.ts"}}}, "db/src/index.ts"),
        ({"exports": {"./x": "./lib/main.ts"}}, "db/src/index.ts"),
        ({"exports": None, "main": 5}, "db/src/index.ts"),
    ],
)
def test_a_package_of_the_repository_is_found_by_its_name(
    root: Path, package: dict[str, object], file: str
) -> None:
    files = ["db/src/index.ts", "db/lib/main.ts", "db/lib/index.ts", "app/src/app.ts"]
    laid = tree(root, *files, db__package={"name": "@app/db", **package})
    assert laid.resolve("@app/db", "app/src/app.ts") == file
    assert laid.resolve("@app/dbx", "app/src/app.ts") is None
    assert laid.resolve("@app", "app/src/app.ts") is None


def test_two_conditions_that_lead_to_different_sources_lead_to_none(root: Path) -> None:
    exports = {".": {"node": "./a.ts", "browser": "./b.ts"}, "./x": {"node": "./a.ts", "default": "./a.js"}}
    laid = tree(root, "db/a.ts", "db/b.ts", db__package={"name": "db", "exports": exports})
    assert laid.resolve("db") is None
    assert laid.resolve("db/x") == "db/a.ts"


def test_a_file_of_a_package_is_what_it_exports_or_what_lies_there(root: Path) -> None:
    exports = {"./tables": "./src/all-tables.ts", "./rows/*": {"import": "./src/rows-of-*.ts"}}
    laid = tree(
        root,
        *("db/src/all-tables.ts", "db/src/tables.ts", "db/src/rows-of-x.ts", "db/src/y.ts", "db/z/index.ts"),
        db__package={"name": "@app/db", "exports": exports},
    )
    assert laid.resolve("@app/db/tables") == "db/src/all-tables.ts"
    assert laid.resolve("@app/db/rows/x") == "db/src/rows-of-x.ts"
    assert laid.resolve("@app/db/y") == "db/src/y.ts"
    assert laid.resolve("@app/db/src/y") == "db/src/y.ts"
    assert laid.resolve("@app/db/z") == "db/z/index.ts"
    assert laid.resolve("@app/db/absent") is None
    assert laid.resolve("@app/db/../x") is None


def test_a_name_that_two_packages_have_means_neither(root: Path) -> None:
    laid = tree(root, "a/index.ts", "b/index.ts", a__package={"name": "x"}, b__package={"name": "x"})
    assert laid.resolve("x") is None


def test_an_installed_package_hides_one_of_the_repository_unless_it_is_the_same(root: Path) -> None:
    laid = tree(
        root,
        *("db/index.ts", "app/a.ts", "other/a.ts", "app/node_modules/db/index.js"),
        db__package={"name": "db"},
    )
    (root / "other/node_modules").mkdir()
    (root / "other/node_modules/db").symlink_to(root / "db")
    assert laid.resolve("db", "app/a.ts") is None
    assert laid.resolve("db", "other/a.ts") == "db/index.ts"
    assert laid.resolve("db", "a.ts") == "db/index.ts"


def test_a_folder_with_a_package_file_means_its_main_file(root: Path) -> None:
    laid = tree(root, "src/db/main.ts", "src/db/index.ts", src__db__package={"main": "main.js"})
    assert laid.resolve("./db") == "src/db/main.ts"


def test_a_packages_own_names_are_found(root: Path) -> None:
    imports = {"#db": "./src/db.ts", "#lib/*": {"default": "./src/lib/*.js"}, "#out": "lodash", "#*.x": None}
    laid = tree(root, "src/db.ts", "src/lib/a.ts", "lodash.ts", package={"imports": imports})
    assert laid.resolve("#db", "src/deep/x.ts") == "src/db.ts"
    assert laid.resolve("#lib/a") == "src/lib/a.ts"
    assert [laid.resolve(name) for name in ("#lib/b", "#out", "#a.x", "#absent")] == [None] * 4


def test_a_configuration_that_is_a_folder_or_a_link_to_itself_is_absent(root: Path) -> None:
    (root / "src/tsconfig.json").mkdir(parents=True)
    (root / "src/package.json").symlink_to("package.json")
    laid = tree(root, "src/a.ts", tsconfig={"compilerOptions": {"baseUrl": "src"}})
    assert laid.resolve("a") == "src/a.ts"


def test_a_pattern_is_the_name_itself_or_the_longest_before_the_star() -> None:
    patterns = ["*", "@/*", "@/db/*", "@/db/x", "@/*/y", "a*a"]
    assert find_best_pattern(patterns, "@/db/x") == ("@/db/x", "")
    assert find_best_pattern(patterns, "@/db/z") == ("@/db/*", "z")
    assert find_best_pattern(patterns, "@/q") == ("@/*", "q")
    assert find_best_pattern(patterns, "z") == ("*", "z")
    assert find_best_pattern(["a*a"], "a") is None
    assert find_best_pattern(["a*a"], "aa") == ("a*a", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"a": [1, -2.5, true, false, null, "x\\n\\u00e9"]}',
            {"a": [1, -2.5, True, False, None, "x\n\xe9"]},
        ),
        ('// first\n{ /* a */ "a": 1, // b\n "b": [1, 2,], } // last', {"a": 1, "b": [1, 2]}),
        ('\ufeff{"a": "// no /* comment"}', {"a": "// no /* comment"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ("[]", []),
        ('"x"', "x"),
        ("", None),
        ("{", None),
        ("{} {}", None),
        ("{}, {}", None),
        ("{}); f({}", None),
        ("{a: 1}", None),
        ("{'a': 1}", None),
        ('{"a": b}', None),
        ('{"a": f()}', None),
        ('{"a"}', None),
        ('{"a": 1 + 1}', None),
        ('{...{"a": 1}}', None),
        ('{["a"]: 1}', None),
        ('{"a"() {}}', None),
        ("`x`", None),
        ("[" * 20000 + "]" * 20000, None),
        ("[1,,2]", [1, 2]),
    ],
)
def test_json_with_comments_is_read_and_code_is_not(text: str, value: object) -> None:
    assert parse_jsonc(text.encode()) == value


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON, st.sampled_from([None, 2]))
@example({"": {"__proto__": 1}}, None)
def test_all_json_is_read_as_pythons_own_reader_does(value: object, indent: int | None) -> None:
    assert parse_jsonc(json.dumps(value, indent=indent).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:/*\\ntru1 ', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_are_nothing(content: bytes) -> None:
    parse_jsonc(content)


@given(st.text(max_size=40))
def test_any_name_has_an_answer(specifier: str) -> None:
    assert ModuleResolver([Path("/nowhere/a.ts")]).resolve(specifier, Path("/nowhere/b.ts")) in {
        None,
        Path("/nowhere/a.ts"),
    }


def test_fifty_thousand_questions_are_answered_quickly(root: Path) -> None:
    files = [f"packages/p{number % 50}/src/m{number % 500}/f{number}.ts" for number in range(5000)]
    laid = tree(root, *files, tsconfig={"compilerOptions": {"paths": {"@/*": ["src/*", "packages/*"]}}})
    began = time.process_time()
    for turn in range(10):
        for number, file in enumerate(files):
            laid.resolver.resolve(f"./f{number}", laid.root / file)
            laid.resolver.resolve(("react", "@/p1/src/m1/f1", "lodash/fp")[turn % 3], laid.root / file)
    assert time.process_time() - began < 5
