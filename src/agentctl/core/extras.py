"""The extras that agentctl may be installed without, and how to install one; imports no package of theirs."""

from importlib.util import find_spec

from agentctl.core.errors import SetupError

DISTRIBUTION = "agentctl-marketplace"
"""The package's name on the package index, where `agentctl` belongs to somebody else."""
_READS_CODE = (
    "msgspec",
    "pglast",
    "tree_sitter",
    "tree_sitter_javascript",
    "tree_sitter_typescript",
)


def install_command(extra: str) -> str:
    """Return the shell command that installs agentctl with one of its extras."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def require_code_reader(option: str) -> None:
    """Refuse an option that reads code or SQL, where the packages for that are not installed.

    Raises:
        SetupError: with what installs them.

    """
    missing = [name for name in _READS_CODE if find_spec(name) is None]
    if missing:
        msg = f"{option} needs packages that are not installed: {', '.join(missing)}."
        raise SetupError(msg, hint=install_command("code"), code="extra_missing")
