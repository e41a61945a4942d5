"""The command line: options -> one call into the core -> a reply to render. The only place that knows Typer."""
