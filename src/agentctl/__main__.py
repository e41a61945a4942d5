"""The program's entry: answers `--version` at once, and leaves everything else to the command line."""

import sys


def main() -> None:
    """Run agentctl on the process's arguments and exit with the contract's code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # without Typer: scripts ask this often, and it should cost nothing
        from agentctl import __version__  # noqa: PLC0415 - see above

        sys.stdout.write(f"agentctl {__version__}\n")
        sys.exit(0)
    try:
        from agentctl.cli.frame import run  # noqa: PLC0415 - likewise

        sys.exit(run(arguments))
    except KeyboardInterrupt:  # where no command was at work yet, or none any more
        sys.exit(130)


if __name__ == "__main__":
    main()
