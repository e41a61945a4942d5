"""The fixtures of what runs the installed program here."""

from support.shop import shop, webhook

__all__ = ["shop", "webhook"]
