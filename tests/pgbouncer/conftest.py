"""The fixtures of what needs a PgBouncer of its own."""

from support.shop import shop, shop_with, webhook

__all__ = ["shop", "shop_with", "webhook"]
