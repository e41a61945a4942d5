"""Which of the packages are there that agentctl is also installed without. It imports none of them."""

from importlib.util import find_spec

from agentctl.core.errors import SetupError

_READS_CODE = (
    "msgspec",
    "pathspec",
    "pglast",
    "tree_sitter",
    "tree_sitter_javascript",
    "tree_sitter_typescript",
)


def require_code_reader(option: str) -> None:
    """Refuse an option that reads code or SQL, where the packages for that are not installed.

    Raises:
        SetupError: with what installs them.

    """
    missing = [name for name in _READS_CODE if find_spec(name) is None]
    if missing:
        msg = f"{option} needs packages that are not installed: {', '.join(missing)}."
        raise SetupError(msg, hint="pip install 'agentctl[code]'", code="extra_missing")
