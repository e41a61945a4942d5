"""Extracts the scripts from components of Vue and Svelte, without moving them.

It does not look at their templates.
"""

import re

# What is never closed ends with the file, as in a browser; so its end is looked for only once.
_SCRIPT = re.compile(
    rb"""
    <!--(?:.*?-->|.*)
  | <script\b(?>(?:[^>"']|"[^"]*"|'[^']*')*)
    (?:>(?P<script>.*?)</script\s*> | .*)
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_VISIBLE = re.compile(rb"[^\n]")


def scripts_of(content: bytes) -> bytes:
    """Return a component's scripts, with blanks for everything around them, so that no line moves."""
    pieces, position = list[bytes](), 0
    for matched in _SCRIPT.finditer(content):
        if matched["script"] is not None:
            pieces += _VISIBLE.sub(b" ", content[position : matched.start("script")]), matched["script"]
            position = matched.end("script")
    return b"".join((*pieces, _VISIBLE.sub(b" ", content[position:])))
