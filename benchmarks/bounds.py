"""Bounds that a benchmark's figures must keep."""


class Bounds:
    """Checks bounds, and prints each result at once."""

    def __init__(self) -> None:
        self.broken = 0

    def check(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """Print whether a value is within its limit."""
        holds = value <= limit
        self.broken += not holds
        print(
            f"- {'holds' if holds else 'DOES NOT HOLD'}: {what}: {value:.3g}{unit}, at most {limit:.3g}{unit}"
        )
