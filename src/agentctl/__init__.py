"""agentctl: operate a marketplace of AI agents from the terminal."""

__version__ = "0.1.0"
