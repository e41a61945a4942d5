"""The optional extras of agentctl, and how to install one; it imports no package of an extra."""

from importlib.util import find_spec

from agentctl.core.errors import SetupError

DISTRIBUTION = "agentctl-marketplace"
"""The package's name on the package index, where `agentctl` belongs to somebody else."""
_READS_CODE = (
    "pglast",
    "tree_sitter",
    "tree_sitter_javascript",
    "tree_sitter_typescript",
)


def install_command(extra: str) -> str:
    """Return the shell command that installs agentctl with one of its extras."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def require_code_reader(option: str) -> None:
    """Refuse an option that reads code or SQL if the packages for it are not installed.

    Raises:
        SetupError: a package is missing; the hint installs it.

    """
    missing = [name for name in _READS_CODE if find_spec(name) is None]
    if missing:
        raise SetupError(
            f"{option} needs packages that are not installed: {', '.join(missing)}.",
            hint=install_command("code"),
            code="extra_missing",
        )
