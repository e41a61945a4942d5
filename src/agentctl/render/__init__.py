"""Models -> JSON, CSV, plain text or a Rich terminal. Knows nothing of databases or webhooks."""
