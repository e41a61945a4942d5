"""The fixtures of the tests that settle open executions."""

from support.shop import full_shop, shop, shop_with, webhook

__all__ = ["full_shop", "shop", "shop_with", "webhook"]
