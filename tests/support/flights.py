"""Counts how often a client waits for PostgreSQL, from the kinds of the messages that pass.

A flight is what the client sends until it has nothing to go on with but an answer. In pipeline mode the
server may answer the first statement before the client has sent the last, a notice or an error at once, and
rows as soon as they fill a buffer: none of that means that the client waited. It can have waited only where
it asked for an answer, by Query, Sync or Flush, and has been given every answer that it asked for.
"""

from collections import deque

_QUERY, _SYNC, _FLUSH, _EXECUTE = b"Q", b"S", b"H", b"E"
_READY, _ERROR = b"Z", b"E"
_COPY_BEGINS = frozenset({b"G", b"W"})
_COMPLETE = frozenset({b"C", b"I", b"s"})  # done, nothing to do, as many rows as asked for


class FlightCounter:
    """Follows one connection after connecting, message by message.

    Attributes:
        waited: whether what the client sends next begins a flight.

    """

    def __init__(self) -> None:
        self.waited = True
        self._awaited: deque[bytes] = deque()  # in the order in which PostgreSQL answers them

    def send(self, kind: bytes) -> bool:
        """Note a message of the client, and return whether it begins a flight."""
        if kind == _FLUSH and not self._awaited:  # everything is there already, and nobody needs to wait
            self.waited = True
            return False
        begins, self.waited = self.waited, False
        if kind in {_QUERY, _SYNC, _FLUSH, _EXECUTE}:
            self._awaited.append(_SYNC if kind == _QUERY else kind)
        return begins

    def receive(self, kind: bytes) -> None:
        """Note a message of the server, before the client can have seen it."""
        if kind == _READY:
            while self._awaited and self._awaited.popleft() != _SYNC:
                pass
            self._end_flush()
            self.waited = not self._awaited
        elif kind in _COPY_BEGINS:  # rows can be sent once the server is ready for them
            self.waited = True
        elif kind in _COMPLETE and self._awaited and self._awaited[0] == _EXECUTE:
            self._awaited.popleft()
            self._end_flush()
        elif kind == _ERROR:  # the rest up to the next Sync is skipped
            while self._awaited and self._awaited[0] == _EXECUTE:
                self._awaited.popleft()
                self._end_flush()

    def _end_flush(self) -> None:
        """Take the flushes that wait for nothing any more."""
        while self._awaited and self._awaited[0] == _FLUSH:
            self._awaited.popleft()
            self.waited = not self._awaited
