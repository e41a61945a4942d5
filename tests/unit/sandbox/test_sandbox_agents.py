"""What the demo agents answer, and what the article is like."""

import json
import re
from typing import Any

import pytest

from agentctl.sandbox.agents import AGENTS, AgentAnswer, answer


def _ask(agent: str, inputs: Any, *, attempt: int = 1) -> AgentAnswer:
    return answer(AGENTS[agent], json.dumps({"inputs": inputs}).encode(), attempt=attempt)


def _article(**inputs: Any) -> dict[str, Any]:
    answered = _ask("seo-blog", inputs)
    assert answered.status == 200
    return dict(answered.body)


def test_the_article_has_all_its_parts_and_is_about_the_topic() -> None:
    article = _article(topic="how to compost on a balcony?", keywords="soil, worms,, patience")
    assert article["title"] == "How to compost on a balcony: A Practical Guide"
    assert article["slug"] == "how-to-compost-on-a-balcony"
    assert article["meta_description"].startswith("How to compost on a balcony: ")
    assert article["markdown"].startswith(f"# {article['title']}\n\n")
    assert "**soil**, **worms** and **patience**" in article["markdown"]
    assert re.findall(r"^## (.+)$", article["markdown"], re.MULTILINE) == article["outline"]


def test_the_same_inputs_give_the_same_article() -> None:
    assert _article(topic="tea", tone="friendly") == _article(topic="tea", tone="friendly")


@pytest.mark.parametrize("words", [300, 400, 500, 600, "700"])
def test_the_article_is_about_as_long_as_asked_for(words: Any) -> None:
    written = len(_article(topic="tea", words=words)["markdown"].split())
    assert abs(written - int(words)) < 100


@pytest.mark.parametrize("tone", ["neutral", "friendly", "expert"])
@pytest.mark.parametrize("topic", ["x", "long words " * 18, "w" * 200])
def test_the_meta_description_fits_a_search_result(topic: str, tone: str) -> None:
    meta = _article(topic=topic, tone=tone)["meta_description"]
    assert len(meta) <= 155
    assert meta.endswith(".")


@pytest.mark.parametrize("topic", ["???", "Ça va", "日本のお茶", "{topic} {0}", "*_[x](y)_*", "a\nb"])
def test_any_topic_makes_an_article_of_one_title_and_no_foreign_markup(topic: str) -> None:
    article = _article(topic=topic)
    assert article["slug"]
    assert len(re.findall(r"^# ", article["markdown"], re.MULTILINE)) == 1
    assert "[x](y)" not in article["markdown"]


@pytest.mark.parametrize(
    ("agent", "inputs", "named"),
    [
        ("seo-blog", {}, "topic"),
        ("seo-blog", {"topic": "t" * 201}, "topic"),
        ("seo-blog", {"topic": "tea", "tone": "angry"}, "tone"),
        ("seo-blog", {"topic": "tea", "tone": ["neutral"]}, "tone"),
        ("seo-blog", {"topic": "tea", "words": "many"}, "words"),
        ("slow", {"seconds": "nan"}, "seconds"),
    ],
)
def test_an_input_that_makes_no_sense_is_a_failure_that_names_it(
    agent: str, inputs: dict[str, Any], named: str
) -> None:
    answered = _ask(agent, inputs)
    assert answered.status == 400
    assert answered.body["message"].startswith(f"{named}: ")


def test_always_fails_fails_as_n8n_does() -> None:
    assert _ask("always-fails", {}) == AgentAnswer(500, {"message": "Error in workflow"})


@pytest.mark.parametrize(("given", "waited"), [(2, 2), ("0.5", 0.5), (None, 5), (-1, 0), (10_000, 600)])
def test_slow_waits_as_long_as_asked_but_ten_minutes_at_most(given: Any, waited: float) -> None:
    answered = _ask("slow", {"seconds": given})
    assert (answered.status, answered.delay) == (200, waited)


def test_flaky_refuses_the_first_attempt_only() -> None:
    first = _ask("flaky", {}, attempt=1)
    assert (first.status, first.headers) == (429, {"Retry-After": "1"})
    assert _ask("flaky", {}, attempt=2).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'{"inputs": 1}', b"[" * 100_000])
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    assert answer(AGENTS["slow"], body, attempt=1).status == 422
