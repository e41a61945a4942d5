"""The fixtures of the tests that need a PgBouncer of their own."""

from support.shop import shop, shop_with, webhook

__all__ = ["shop", "shop_with", "webhook"]
