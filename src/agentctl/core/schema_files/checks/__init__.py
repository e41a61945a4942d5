"""What has drifted from a recorded schema: every check, one module each."""

from agentctl.core.findings.finding import Check
from agentctl.core.schema_files.checks import drift_added, drift_changed, drift_removed

CHECKS: tuple[Check, ...] = (drift_added.CHECK, drift_removed.CHECK, drift_changed.CHECK)
