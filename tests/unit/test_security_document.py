"""SECURITY.md tells of every mechanism, and names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]


def test_each_mechanism_has_its_threat_its_answer_and_its_tests() -> None:
    numbers = [int(section.partition(".")[0]) for section in SECTIONS]

    assert numbers == list(range(1, len(SECTIONS) + 1))
    assert len(SECTIONS) >= 33
    for section in SECTIONS:
        for word in ("**Threat.**", "**Answer.**", "**Tests.**"):
            assert section.count(word) == 1, f"{word} in: {section.splitlines()[0]}"


def test_every_test_that_is_named_is_there() -> None:
    missing = []
    for section in SECTIONS:
        path = ""
        for name in re.findall(
            r"`((?:tests/\S+\.py)?(?:::test_\w+)?)[^`]*`", section.partition("**Tests.**")[2]
        ):
            file, _, test = name.partition("::")
            path = file or path
            if name and not _has(ROOT / path, test):
                missing.append(name)
    assert missing == []


def _has(path: Path, test: str) -> bool:
    return path.is_file() and (not test or f"def {test}(" in path.read_text(encoding="utf-8"))
