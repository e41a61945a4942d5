"""Stories of command lines, configurations and connections that are wrong."""

from acceptance.stories.stage import Stage

_USAGE = {
    "command": ("no-such-command",),
    "option": ("history", "--no-such-option"),
    "number": ("history", "--limit", "0"),
    "choice": ("audit", "--fail-on", "never"),
    "argument": ("run",),
    "reason": ("credits", "grant", "ops@example.com", "5"),
    "check": ("audit", "--check", "balance-difers"),
    "finding": ("schema-check", "--ignore", "index-mising"),
    "explanation": ("explain", "balance-difers"),
    "columns": ("schema-check", "--require", ","),
    "code": ("schema-check", "--code", "nowhere"),
    "time": ("history", "--since", "soon"),
    "duration": ("migrate-full", "--lock-timeout", "long"),
    "several-agents": ("agents", "seo-blog", "plain"),
    "since-and-full": ("audit", "--since", "24h", "--full"),
}
_CONFIGURATIONS = {
    "no-toml": "default_profile = ",
    "unknown-key": '[profiles.p]\ndatabse_url = "x"\n',
    "wrong-type": "[profiles.p]\ndatabase_url = 5\n",
    "unknown-profile": 'default_profile = "q"\n[profiles.p]\ndatabase_url = "postgresql://x@127.0.0.1:9/x"\n',
    "no-url": '[profiles.p]\nuser = "ops@example.com"\n',
    "variable-not-set": '[profiles.p]\ndatabase_url = "env:NOWHERE"\n',
    "no-duration": '[profiles.p]\ndatabase_url = "x"\n[profiles.p.webhook]\ntimeout = "soon"\n',
    "nobody-listens": '[profiles.p]\ndatabase_url = "postgresql://x:s3cret@127.0.0.1:9/x"\n',
    "no-database-url": '[profiles.p]\ndatabase_url = "mysql://127.0.0.1/x"\n',
}


def mistakes(stage: Stage) -> None:
    """Make mistakes that are reported before any connection."""
    record, program = stage.record, stage.program
    env = {"AGENTCTL_DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}
    for case, arguments in _USAGE.items():
        record(f"usage-{case}", *arguments, env=env)
    for case, text in _CONFIGURATIONS.items():
        (program.home / "agentctl.toml").write_text(text)
        record(f"configuration-{case}", "credits")
    record("configuration-nowhere", "credits", "--config", "nowhere.toml")
    record("init-no-database", "init", "--config", "new.toml")
