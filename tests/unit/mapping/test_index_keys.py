"""Which index does the work of another, and what an index is called."""

import pytest

from agentctl.core.catalog.introspection import Index
from agentctl.core.mapping.index_keys import LONGEST_NAME, IndexKey

ALL = IndexKey(("created_at", "id"), " DESC", is_listing=True)
OF_USER = IndexKey(("user_id", "created_at"), " DESC", compared=1, needed=2, is_listing=True)


def index(keys: str, *, method: str = "btree", unique: bool = False, where: str = "") -> Index:
    """Make an index as PostgreSQL describes it."""
    definition = f"CREATE INDEX i ON t USING {method} ({keys}){where}"
    columns = tuple(key.split()[0] for key in keys.split(", "))
    return Index("i", method, columns, unique, valid=True, partial=bool(where), definition=definition)


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        (ALL, "created_at"),
        (ALL, "created_at DESC"),
        (ALL, "created_at DESC, id DESC"),
        (ALL, '"created_at", status'),
        (OF_USER, "user_id, created_at DESC"),
        (OF_USER, "user_id DESC, created_at, status"),
    ],
)
def test_an_index_serves_a_list_in_either_direction_and_with_further_columns(
    key: IndexKey, keys: str
) -> None:
    assert key.is_served_by(index(keys))
    assert key.is_served_by(index(keys, unique=True))


@pytest.mark.parametrize(
    ("key", "other"),
    [
        (ALL, index("id, created_at")),
        (
            ALL,
            index("created_at DESC NULLS LAST"),
        ),  # PostgreSQL does not read a list in another order from it
        (ALL, index("created_at NULLS FIRST")),
        (ALL, index("created_at", method="brin")),
        (ALL, index("created_at", where=" WHERE (status = 'failed')")),
        (OF_USER, index("user_id")),
        (OF_USER, index("created_at, user_id")),
        (OF_USER, index("user_id, status, created_at")),
    ],
)
def test_an_index_in_another_order_serves_no_list(key: IndexKey, other: Index) -> None:
    assert not key.is_served_by(other)


def test_an_index_that_is_searched_needs_no_order_of_nulls() -> None:
    assert IndexKey(("started_at",), " DESC").is_served_by(index("started_at DESC NULLS LAST"))
    assert not IndexKey(("started_at",), " DESC").is_served_by(index("started_at", unique=True))


def test_only_columns_that_are_sorted_have_an_order() -> None:
    assert str(ALL) == "created_at DESC, id DESC"
    assert str(OF_USER) == "user_id, created_at DESC"
    assert str(IndexKey(("Made at",))) == '"Made at"'


def test_a_name_tells_a_list_from_a_column_and_is_never_cut_by_postgresql() -> None:
    assert OF_USER.name_for("runs") == "agentctl_runs_user_id_created_at"
    assert IndexKey(("user_id",)).name_for("runs") == "idx_runs_user_id"
    names = {OF_USER.name_for("é" * 40), OF_USER.name_for("é" * 41)}
    assert len(names) == 2
    assert all(len(name.encode()) <= LONGEST_NAME for name in names)
