"""The fixtures of what runs the installed program here."""

from support.shop import shop, shop_with, webhook

__all__ = ["shop", "shop_with", "webhook"]
