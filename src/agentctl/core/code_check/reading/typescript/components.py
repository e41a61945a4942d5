"""Components of Vue and Svelte: the scripts in them, in their places, and nothing else.

What their templates do is not looked at.
"""

import re

# What is never closed ends with the file, as in a browser: it is not looked for again behind each beginning.
_SCRIPT = re.compile(
    rb"""
    <!--(?:.*?-->|.*)
  | <script\b(?:[^>"']|"[^"]*"|'[^']*')*+
    (?:>(?P<script>.*?)</script\s*> | .*)
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_VISIBLE = re.compile(rb"[^\n]")


def scripts_of(content: bytes) -> bytes:
    """Return a component's scripts; blanks stand for all that is around them, so that no line moves."""
    pieces, position = list[bytes](), 0
    for matched in _SCRIPT.finditer(content):
        if matched["script"] is not None:
            pieces += _VISIBLE.sub(b" ", content[position : matched.start("script")]), matched["script"]
            position = matched.end("script")
    return b"".join((*pieces, _VISIBLE.sub(b" ", content[position:])))
