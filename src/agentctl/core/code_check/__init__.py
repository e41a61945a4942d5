"""Compares what application code does with a database's catalog.

`reading` says what the code names and writes; a `Catalog` says what there is. What the catalog does not tell
for certain is no finding: it is left open, and where somebody should know it, counted.
"""

from agentctl.core.code_check.code_check import check_code
from agentctl.core.code_check.context import CheckContext, CheckedCode, ColumnSummary, Planned

__all__ = ["CheckContext", "CheckedCode", "ColumnSummary", "Planned", "check_code"]
