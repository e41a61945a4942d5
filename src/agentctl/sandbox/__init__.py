"""The embedded PostgreSQL and its loopback agents, so that everything works with nothing configured."""
