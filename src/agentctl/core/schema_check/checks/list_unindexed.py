"""A list of a large table has no index that serves it."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.mapping.listings import Listing
from agentctl.core.schema_check.schema_report import write_index_statement

_MANY_ROWS = 100_000  # a page of fewer takes no longer than to connect


def _find_unindexed(listing: Listing) -> Iterator[Finding]:
    table = listing.table
    if listing.serving is None and table.estimated_rows >= _MANY_ROWS:
        msg = f"No index of {table.name} serves {listing.command}: each page reads more rows than it shows."
        yield CHECK.finding(listing.index_name, msg, _advise(listing))


def _advise(listing: Listing) -> str:
    table, name = listing.table, listing.index_name
    builds = "agentctl migrate-full --history-index builds it"
    taken = table.index(name)
    if taken is not None and not listing.key.is_served_by(taken):
        return f"Rename or drop {name}, which has another definition; then {builds}."
    if taken is not None:
        return f"{builds} again: {name} is invalid."
    if table.kind == "partitioned table":
        return f"{builds} on one partition after the other."
    return f"{builds}: {write_index_statement(table, listing.key)}"


CHECK = SubjectCheck(
    id="list-unindexed",
    severity=Severity.INFO,
    title="A list of a large table has no index that serves it",
    meaning=(
        "`agentctl history` and `agentctl credits` show the latest rows first, of all, of one user, of one "
        "agent or of one status. Without an index in that order, PostgreSQL reads and "
        "sorts far more rows than a page shows."
    ),
    remedy="agentctl migrate-full --history-index builds the indexes while the table is in use.",
    details=(
        "Tables of fewer than 100,000 rows, by PostgreSQL's own estimate, are not judged. An index under "
        "another name that does the same work counts, too. Every further index makes writing a row a little "
        "slower."
    ),
    subject=Listing,
    find=_find_unindexed,
)
