"""The fixtures of what settles executions that were left open."""

from support.shop import full_shop, shop, shop_with, webhook

__all__ = ["full_shop", "shop", "shop_with", "webhook"]
