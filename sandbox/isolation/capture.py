"""Keeps the head and the tail of an output of any length in bounded memory."""

from collections import deque

HEAD = 64 * 1024
TAIL = 192 * 1024


class Capture:
    """Feed bytes; read text. At most ``HEAD + TAIL`` bytes (and one chunk) are held."""

    def __init__(self) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._held = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the output."""
        self.total += len(chunk)
        room = HEAD - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._tail.append(chunk)
            self._held += len(chunk)
            while self._held - len(self._tail[0]) >= TAIL:
                self._held -= len(self._tail.popleft())

    def text(self) -> str:
        """What was kept, as text; a line tells how much is missing in the middle."""
        tail = b"".join(self._tail)[-TAIL:]
        missing = self.total - len(self._head) - len(tail)
        head_text = bytes(self._head).decode("utf-8", "replace")
        if missing <= 0:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        return f"{head_text}\n[... {missing} bytes left out ...]\n{tail.decode('utf-8', 'replace')}"
