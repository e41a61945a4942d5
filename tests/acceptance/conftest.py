"""The fixtures of the acceptance tests, and the selection of their cases."""

from pathlib import Path

import pytest

from support.cases import list_unwanted
from support.shop import full_shop, shop, shop_with, webhook

__all__ = ["full_shop", "shop", "shop_with", "webhook"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that another suite runs."""
    unwanted = list_unwanted([item for item in items if item.path.is_relative_to(Path(__file__).parent)])
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in unwanted]
