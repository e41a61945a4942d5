"""Reduces a webhook's URL to what may be stored and shown: its target, without credentials.

Credentials stand before an `@`, tokens after a `?` or in a fragment. The path stays, since it identifies
n8n's workflow. This reads text, not URLs: nobody has checked the text in a database, and where programs
disagree about a URL, no half of a password may be shown.
"""

import re

_WITH_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?([/\\]{2,})([^/\\]*)(.*)", re.DOTALL)
_HOST = re.compile(r"(\[[0-9A-Za-z:.%]*\]|[^\s\[\]:@%]*)(:[0-9]*)?")
_CREDENTIALS = re.compile(r"[^/\\@]*:[^@]*@")
_AT_WITHIN = re.compile(r"[^/\\]@")


def without_secrets(url: str) -> str:
    """Return scheme, host, port and path of a URL; of other text, what certainly holds no credentials."""
    text = re.split(r"[?#]", url, maxsplit=1)[0]
    parts = _WITH_AUTHORITY.fullmatch(text)
    if parts is None:
        credentials = _CREDENTIALS.match(text)
        return text[credentials.end() :] if credentials else text
    scheme, slashes, authority, path = parts.groups(default="")
    host = authority.rpartition("@")[2]
    # Half of a password may look like a host and its port, and the other half like a path.
    cut_in_two = ":" in authority and _AT_WITHIN.search(path)
    known = _HOST.fullmatch(host) and not cut_in_two
    return f"{scheme}{slashes}{host}{path}" if known else f"{scheme}{slashes}***"
