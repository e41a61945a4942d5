"""A shop whose agents are workflows of a real n8n."""

from dataclasses import dataclass
from typing import Any

from n8n.server import N8n
from support.shop import Shop


@dataclass(frozen=True, slots=True)
class N8nShop:
    """A shop, and the n8n that its agents run on."""

    shop: Shop
    n8n: N8n

    def run(self, workflow: str, *args: str, exit_code: int) -> dict[str, Any]:
        """Make a workflow the webhook of the SEO Blog, run it, and return the output of `--json`."""
        self.shop.marketplace.set_webhook("SEO Blog", self.n8n.webhook(workflow))
        return self.shop.run_json("seo-blog", "topic=Tea", *args, exit_code=exit_code)

    def row(self) -> dict[str, Any]:
        """Return the only execution."""
        (row,) = self.shop.rows()
        return row
