"""What deduct functions answer, in all the ways in which they do."""

from decimal import Decimal

import pytest

from agentctl.core.credits.deduction import read_answer


@pytest.mark.parametrize(
    ("answer", "success"),
    [
        ('{"success": true, "new_balance": 90}', True),
        ('{"success": false, "error": "Insufficient credits"}', False),
        ('{"ok": true}', True),
        ('{"status": "insufficient_credits"}', False),
        ('{"status": "ok"}', True),
        ('{"error": "no such user"}', False),
        ('{"new_balance": 90}', None),
        ('[{"success": false, "message": "too few"}]', False),
        ("90", None),
        ("-1", False),
        ("0", None),
        ("true", True),
        ("false", False),
        (None, None),
        ('""', None),
        ("[]", None),
        ("not JSON at all", None),
        ("[" * 100_000, None),
    ],
)
def test_an_answer_is_a_yes_a_no_or_no_answer(answer: str | None, success: bool | None) -> None:
    assert read_answer(answer).success is success


@pytest.mark.parametrize(
    ("answer", "lacks_credits"),
    [
        ('{"success": false, "required_credits": 10, "current_credits": 3}', True),
        ('{"success": false, "message": "Not enough credits"}', True),
        ('{"success": false, "error": "User not found"}', False),
        ('"insufficient balance"', True),
    ],
)
def test_a_refusal_for_want_of_credits_is_told_from_others(answer: str, lacks_credits: bool) -> None:
    assert read_answer(answer).lacks_credits is lacks_credits


def test_amounts_are_exact_and_what_is_no_number_is_none() -> None:
    answer = read_answer(
        '{"success": true, "new_balance": 0.1, "amount_deducted": 7, "note": "x", "paid": true}'
    )
    assert answer.amounts == {"new_balance": Decimal("0.1"), "amount_deducted": 7}
