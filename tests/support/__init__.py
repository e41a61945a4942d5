"""Helpers that tests share: servers, databases and the installed program. Nothing here is a test."""
