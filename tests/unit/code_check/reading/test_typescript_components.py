"""Components of Vue and Svelte: their scripts are read where they stand, and nothing else of them."""

import pytest

from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.components import scripts_of
from agentctl.core.code_check.reading.typescript.module import read_module
from support.typescript import plain_chain

VUE = """<template>
  <p v-if="a < b">{{ x.from('none').select('z') }} Grüße</p>
</template>
<!-- <script>db.from('old').select('y')</script> -->
<script>
export const TABLE = 'runs'
</script>
<script setup lang="ts" generic="T extends Record<string, unknown>">
const { data } = await db.from(TABLE).select<string>('id, agents(name)')
</script>
<style>p { color: red }</style>
"""


def test_chains_of_all_scripts_of_a_component_are_found_in_their_lines() -> None:
    module = read_module(VUE.encode(), Language.COMPONENT)

    assert [(plain_chain(one), one.location.line, one.location.column) for one in module.chains] == [
        ("db.from(runs).select(id, agents(name))", 9, 32)
    ]
    assert module.error is None
    assert "TABLE" in module.exports


@pytest.mark.parametrize(
    ("component", "script"),
    [
        ("<script>a()</script>", "        a()         "),
        ("<p>\n</p><script lang='ts' a='>'>a</SCRIPT >", "   \n                            a          "),
        ("<scripts>a</scripts>", " " * 20),
        ("<script>a", " " * 9),
        ("", ""),
    ],
)
def test_all_but_scripts_is_blank_and_nothing_moves(component: str, script: str) -> None:
    assert scripts_of(component.encode()).decode() == script
