"""The fixtures of the security tests."""

from support.shop import shop, shop_with, webhook

__all__ = ["shop", "shop_with", "webhook"]
