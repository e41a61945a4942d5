"""What Structs cannot say of one field: that it stays unsaid, or that it does not count."""

from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.models import Comparable, Reticent
from agentctl.core.webhook.endpoint import Endpoint


class Letter(Reticent, Struct, frozen=True):
    unsaid: ClassVar = frozenset({"content"})

    to: str
    content: str


class Weighed(Comparable, Struct, frozen=True, eq=False):
    beside: ClassVar = frozenset({"grams"})

    name: str
    grams: int


class WeighedToo(Weighed, frozen=True, eq=False):
    pass


def test_a_repr_leaves_out_what_is_to_stay_unsaid() -> None:
    assert repr(Letter("Ada", "the key")) == "Letter(to='Ada')"


def test_what_lies_beside_the_point_may_differ() -> None:
    assert Weighed("tea", 5) == Weighed("tea", 6) != Weighed("oats", 5)
    assert hash(Weighed("tea", 5)) == hash(Weighed("tea", 6))
    assert Weighed("tea", 5) != WeighedToo("tea", 5)
    assert Weighed("tea", 5) != "tea"


def test_an_endpoint_shows_neither_its_address_nor_its_secret() -> None:
    endpoint = Endpoint("https://n8n.example.com/webhook/k3y", signing_secret="whsec_s3cret")
    assert "k3y" not in repr(endpoint)
    assert "s3cret" not in repr(replace(endpoint, headers={"Authorization": "s3cret"}))
