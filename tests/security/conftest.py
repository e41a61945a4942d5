"""The fixtures of the security tests."""

from support.forks import forked_agentctl, typist
from support.shop import full_shop, shop, shop_with, webhook

__all__ = ["forked_agentctl", "full_shop", "shop", "shop_with", "typist", "webhook"]
