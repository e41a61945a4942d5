"""The command line: options -> one call into the core -> a reply. The only place that knows Typer."""
