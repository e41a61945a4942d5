"""Writes a short article about how to approach any topic: always the same one for the same inputs.

It knows nothing about the topic and so states no fact about it; the topic is quoted, never inflected.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

TONES = ("neutral", "friendly", "expert")
_LONGEST_META = 155  # what search engines show
_LONGEST_SLUG = 60
_FEWEST_SECTIONS = 2
_TEXT = Path(__file__).with_name("seo_blog.md")


class _Voice(Struct, frozen=True):
    """What differs from tone to tone; `{topic}` stands for the topic."""

    subtitle: str
    meta: str
    opening: str
    closing: str


class _Section(Struct, frozen=True):
    heading: str
    text: str


_VOICES = {
    "neutral": _Voice(
        subtitle="A Practical Guide",
        meta="{topic}: a practical guide. Where to start, what to compare, and how to tell good advice "
        "from bad.",
        opening=(
            "Anyone who looks up {topic} wants advice, and then has to decide which of it applies to "
            "their own case. This guide offers a method instead of a list of claims: a way to ask "
            "the right question, to find answers that deserve trust, and to turn them into a "
            "decision."
        ),
        closing="None of these steps takes long. Together they replace a pile of opinions with a decision "
        "that you can explain, and that you can change when you learn something new about {topic}.",
    ),
    "friendly": _Voice(
        subtitle="A Friendly Guide",
        meta="{topic}: a friendly guide. Where to start, what to ask, and how to enjoy the first steps.",
        opening="So you have been wondering about {topic}. Welcome! You are in good company, and you do "
        "not need to be an expert to begin. Make yourself a cup of something warm, and let us go through "
        "it together, one small step at a time.",
        closing="That is all it takes to begin. Be patient with yourself, keep what works, and laugh about "
        "the rest. And when a friend asks you about {topic} one day, pass on what you have learned.",
    ),
    "expert": _Voice(
        subtitle="A Working Method",
        meta="{topic}: a working method. Define the question, weigh the evidence, test on a small scale, "
        "and review.",
        opening="A discussion of {topic} leads nowhere until the question has been stated. What follows is "
        "a plain method: define the question, weigh the evidence, test on a small scale, and review the "
        "outcome against criteria that were fixed beforehand.",
        closing="The value of this method lies in the record that it leaves: a stated question, ranked "
        "evidence, a test with a known result. With that in hand, a disagreement about {topic} becomes a "
        "matter of looking things up.",
    ),
}


def write_article(topic: str, *, tone: str, words: float, keywords: Sequence[str]) -> Mapping[str, Any]:
    """Return title, slug, meta description, outline and the article in Markdown.

    Args:
        topic: one line, not empty.
        tone: one of `TONES`.
        words: how long the article should be, about; it ends where the material does.
        keywords: to be mentioned, if any.

    """
    voice = _VOICES[tone]
    name = topic.rstrip(" .!?") or topic
    capitalised = name[0].upper() + name[1:]
    title = f"{capitalised}: {voice.subtitle}"
    quoted = f"*{_quote_literal(name)}*"
    opening, closing = voice.opening.format(topic=quoted), voice.closing.format(topic=quoted)
    if keywords:
        opening += f"\n\nAlong the way you will meet {_join_words(keywords)}."
    sections = _choose_sections(words - _count_words(opening) - _count_words(closing))
    parts = [f"# {_quote_literal(title)}", opening]
    parts += [f"## {section.heading}\n\n{section.text}" for section in sections]
    parts += [f"## In short\n\n{closing}\n"]
    return {
        "title": title,
        "slug": _make_slug(name),
        "meta_description": _fill_topic(voice.meta, capitalised),
        "outline": [*(section.heading for section in sections), "In short"],
        "markdown": "\n\n".join(parts),
    }


def _choose_sections(words: float) -> list[_Section]:
    """Return as many sections as come closest to that many words."""
    chosen: list[_Section] = []
    left = words
    for section in _write_sections():
        length = _count_words(section.text)
        if len(chosen) >= _FEWEST_SECTIONS and left < length / 2:
            break
        chosen.append(section)
        left -= length
    return chosen


def _write_sections() -> Iterator[_Section]:
    for part in _TEXT.read_text(encoding="utf-8").split("## ")[1:]:
        heading, _, text = part.partition("\n")
        yield _Section(heading, text.strip())


def _count_words(text: str) -> int:
    return len(text.split())


def _join_words(keywords: Sequence[str]) -> str:
    *others, last = (f"**{_quote_literal(word)}**" for word in keywords)
    return f"{', '.join(others)} and {last}" if others else last


def _quote_literal(text: str) -> str:
    """Return text so that Markdown takes none of its characters for markup."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", text)


def _make_slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")[:_LONGEST_SLUG].rstrip("-") or "article"


def _fill_topic(template: str, topic: str) -> str:
    """Fill the topic in; a long one loses its end, so that the sentence keeps its own."""
    room = _LONGEST_META - len(template.format(topic=""))
    return template.format(topic=topic if len(topic) <= room else f"{topic[: room - 1].rstrip()}…")
