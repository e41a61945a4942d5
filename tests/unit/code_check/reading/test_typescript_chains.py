"""The chains of supabase-js in one file and in several: what is called on what, with which arguments."""

from agentctl.core.code_check.reading.source_files import Language
from support.typescript import chains, linked, module


def test_a_chain_is_found_with_all_its_steps() -> None:
    source = "const { data } = await supabase.from('agents').select('id').eq('id', 1).single<Row>()"
    assert chains(source) == ["supabase.from(agents).select(id).eq(id, 1).single()"]


def test_types_casts_and_optional_chaining_do_not_hide_it() -> None:
    assert chains("await (this.db! as any)?.from<'agents', Row>('agents' as any).select()") == [
        "(this.db! as any).from(agents).select()"
    ]


def test_a_query_continues_on_its_variable() -> None:
    source = """
    let query = sb.from('agents').select('id')
    if (only) query = query.eq('category', only)
    query = query.order('name')
    const { data } = await query.limit(5)
    """
    assert chains(source) == ["sb.from(agents).select(id).eq(category, ?).order(name).limit(5)"]


def test_calls_on_a_variable_with_two_queries_continue_neither() -> None:
    source = "let q = sb.from('a').select(); if (x) q = sb.from('b').select(); q.eq('c', 1)"
    assert chains(source) == ["sb.from(a).select()", "sb.from(b).select()"]


def test_a_function_that_returns_a_query_is_followed() -> None:
    source = "const agents = () => sb.from('agents'); await agents().insert({ name: 'a' })"
    assert chains(source) == ["sb.from(agents).insert({'name': 'a'})"]


def test_the_schema_stands_before_the_table() -> None:
    assert chains("sb.schema('billing').from('invoices').select()") == [
        "sb.schema(billing).from(invoices).select()"
    ]
    assert chains("const b = sb.schema('billing'); b.rpc('close', { day: 1 })") == [
        "sb.schema(billing).rpc(close, {'day': 1})"
    ]


def test_a_field_of_a_class_is_known_if_it_is_assigned_once() -> None:
    source = "class A { private t = 'agents'; private u = 'b'; f() { this.u = 'c'; %s } }"
    assert chains(source % "this.c.from(this.t).select()") == ["this.c.from(agents).select()"]
    assert chains(source % "this.c.from(this.u).select()") == ["this.c.from(?).select()"]


def test_comments_and_strings_hold_no_chains() -> None:
    assert chains("// sb.from('a').select()\nconst s = \"sb.from('b').select()\"") == []


def test_javascript_and_tsx_are_read() -> None:
    (chain,) = module("const a = <b c={sb.from('x').select()} />", Language.TSX).chains
    assert chain.kind == "from"
    (chain,) = module("module.exports = () => sb.rpc('f')", Language.JAVASCRIPT).chains
    assert chain.kind == "rpc"


def test_constants_are_imported_in_every_way() -> None:
    files = {
        "main": """
            import { T, Renamed } from './index'
            import * as all from './index'
            import Default from './index'
            import { deep } from './star'
            sb.from(T.agents).select()
            sb.from(Renamed).select()
            sb.from(all.space.T.agents).select()
            sb.from(Default).select()
            sb.from(deep).select()
        """,
        "index": """
            import { T } from './tables'
            export { T }
            export { single as Renamed } from './tables'
            export * as space from './tables'
            export { default } from './tables'
        """,
        "star": "export * from './index'; export * from './tables'",
        "tables": """
            export const T = { agents: 'agents' } as const
            export const single = 'one'
            export const deep = `two`
            export default 'three'
        """,
    }
    targets = [chain.split("(")[1].split(")")[0] for chain in linked(files)]
    assert targets == ["agents", "one", "agents", "three", "two"]


def test_circular_imports_come_to_an_end() -> None:
    files = {
        "main": "import { a } from './b'; export { a }; sb.from(a).select()",
        "b": "export { a } from './main'",
    }
    assert linked(files) == ["sb.from(./b#a).select()"]


def test_common_js_exports_are_found() -> None:
    files = {
        "main": """
            const { T } = require('./t'); const u = require('./u')
            sb.from(T).select(); sb.from(u.V).select()
        """,
        "t": "module.exports = { T: 'agents' }",
        "u": "exports.V = 'users'",
    }
    assert linked(files) == ["sb.from(agents).select()", "sb.from(users).select()"]


def test_the_arguments_of_each_caller_replace_the_parameters() -> None:
    files = {
        "main": """
            export async function add(table: string, { row }: Options) { await sb.from(table).insert(row) }
            add('agents', { row: { name: 'a' } })
        """,
        "other": "import { add } from './main'; add('users', { row: { email: 'b' } }); add(x, y)",
    }
    assert linked(files) == [
        "sb.from(agents).insert({'name': 'a'})",
        "sb.from(users).insert({'email': 'b'})",
    ]


def test_an_argument_is_followed_through_functions_of_other_files() -> None:
    files = {
        "main": "export const put = (table, row) => sb.from(table).insert(row)",
        "middle": "import { put } from './main'; export const save = (row) => put('agents', row)",
        "top": "import { save } from './middle'; save({ name: 'a' })",
    }
    assert linked(files) == ["sb.from(agents).insert({'name': 'a'})"]


def test_methods_of_an_exported_object_are_called_by_their_names() -> None:
    files = {
        "main": "export const repo = { add: async (row) => sb.from('agents').insert(row) }",
        "other": "import { repo } from './main'; repo.add({ name: 'a' })",
    }
    assert linked(files) == ["sb.from(agents).insert({'name': 'a'})"]


def test_a_parameter_whose_callers_are_not_seen_stays_open() -> None:
    assert linked({"main": "export const f = (row) => sb.from('agents').insert(row)"}) == [
        "sb.from(agents).insert($0)"
    ]


def test_a_row_that_another_file_makes_is_known() -> None:
    files = {
        "main": "import { rowOf } from './rows'; sb.from('agents').insert(rowOf({ name: 'a' }))",
        "rows": "export function rowOf(agent) { return { name: agent.name, category: 'b' } }",
    }
    assert linked(files) == ["sb.from(agents).insert({'name': 'a', 'category': 'b'})"]


def test_methods_of_a_class_are_called_on_its_objects() -> None:
    files = {
        "main": """
            export class Repo {
                constructor(private sb: Client) {}
                async add(row) { await this.sb.from('agents').insert(row) }
                async fill() { await this.add({ name: 'own' }) }
            }
        """,
        "other": """
            import { Repo } from './main'
            const repo = new Repo(sb)
            repo.add({ name: 'a' })
            class Service { private repo = new Repo(sb); f() { this.repo.add({ name: 'b' }) } }
        """,
    }
    assert linked(files) == [
        f"this.sb.from(agents).insert({{'name': '{name}'}})" for name in ("own", "a", "b")
    ]
