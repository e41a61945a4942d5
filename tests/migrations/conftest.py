"""The fixtures of the migration tests."""

from support.shop import full_shop, shop, shop_with, webhook

__all__ = ["full_shop", "shop", "shop_with", "webhook"]
