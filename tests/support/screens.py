"""Checks what reached a terminal or a pipe: whether any of it would have been obeyed instead of shown."""

import re
import unicodedata

from support.program import Screen

# Colours and weights, and what Rich's spinner sends: hide, show, clear, go up.
_OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[2K|\x1b\[1A")


_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ALLOWED = frozenset("\r\n\u200c\u200d")  # the last two join letters and emoji


def is_harmless(text: str) -> bool:
    """Whether a text holds no character but line ends that a terminal would act upon."""
    return not any(unicodedata.category(c) in _OBEYED for c in set(text) - _ALLOWED)


def require_harmless(screen: Screen) -> None:
    """Require that a terminal got only agentctl's own escape codes."""
    assert is_harmless(_OURS.sub("", screen.text)), repr(screen.text)
    assert "\x1b[38;5;199m" not in screen.text
    assert "\x1b[8m" not in screen.text
