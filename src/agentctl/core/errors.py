"""The errors that end a command: the class fixes the exit code, the instance says what to do next.

AgentctlError
├── UsageError            2  the command line cannot be understood
│   └── InvalidInputs     2  the agent's form refuses the inputs
├── SetupError            3  nothing was written, and nothing can be until somebody changes the set-up
│   ├── ConfigError          a configuration file, key or value
│   ├── ConnectionFailed     the database cannot be reached or will not let us in
│   ├── PermissionDenied     a privilege is missing, or row level security hides rows
│   ├── SchemaLacks          the database lacks what the command cannot do without
│   └── DatabaseTrouble      any other answer of the database
├── Refused               4  no such thing, or not allowed in its present state
├── AgentFailed           1  the agent failed, and that is certain
├── OutcomeUnknown        5  the outcome is unknown; `agentctl reconcile` settles it
├── FindingsFound         6  a check found something
└── Interrupted         130  Ctrl-C or SIGTERM

The command line turns an error into an exit code and a message in one place; nothing below it exits.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the contract, for every command."""

    OK = 0
    AGENT_FAILED = 1
    USAGE = 2
    SETUP = 3
    REFUSED = 4
    UNKNOWN = 5
    FINDINGS = 6
    INTERRUPTED = 130


class AgentctlError(Exception):
    """Anything that ends a command early, with what happened and what to do next.

    Attributes:
        message: one or more lines for a person; it never holds a secret.
        hint: the next step, or None if there is none.
        code: a stable word for programs (`error.code` in JSON).
        retryable: whether the same command may succeed later although nobody changes anything.

    """

    exit_code = ExitCode.SETUP
    default_code = "error"

    def __init__(
        self, message: str, *, hint: str | None = None, code: str | None = None, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.retryable = retryable


class UsageError(AgentctlError):
    """The command line cannot be understood; nothing was written and nothing sent."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class InvalidInputs(UsageError):
    """The agent's form refuses the inputs; every problem is named at once."""

    default_code = "invalid_inputs"

    def __init__(self, problems: list[str], *, hint: str | None = None) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"Invalid inputs:{listed}", hint=hint)
        self.problems = problems


class SetupError(AgentctlError):
    """The set-up does not let the command work; nothing was written."""


class ConfigError(SetupError):
    """A configuration file, key or value is wrong or missing."""

    default_code = "config"


class ConnectionFailed(SetupError):
    """The database cannot be reached, or does not let us in."""

    default_code = "connection"


class PermissionDenied(SetupError):
    """A missing privilege, or row level security that hides every row."""

    default_code = "permission"


class SchemaLacks(SetupError):
    """The database lacks something that the command cannot do without."""

    default_code = "schema"


class DatabaseTrouble(SetupError):
    """The database answered with an error that none of the other classes describes."""

    default_code = "database"


class Refused(AgentctlError):
    """The object does not exist, or its state does not allow the command."""

    exit_code = ExitCode.REFUSED
    default_code = "refused"


class AgentFailed(AgentctlError):
    """The agent failed, and that is certain."""

    exit_code = ExitCode.AGENT_FAILED
    default_code = "agent_failed"


class OutcomeUnknown(AgentctlError):
    """It is unknown whether the agent succeeded; its charge is held until that is known."""

    exit_code = ExitCode.UNKNOWN
    default_code = "outcome_unknown"


class FindingsFound(AgentctlError):
    """A check found something that somebody should look at."""

    exit_code = ExitCode.FINDINGS
    default_code = "findings"


class Interrupted(AgentctlError):
    """Ctrl-C or SIGTERM; what was charged is recorded and can be reconciled."""

    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"
