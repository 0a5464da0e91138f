"""Runs inside the sandbox: opens localhost ports that lead to Unix sockets, then becomes the command.

Started as a plain script (``python -I -S relay.py PORT:SOCKET ... <PORT:SOCKET -- COMMAND ...``), so it imports
nothing of ours and little of anything. A network namespace of its own has no way out; the socket, mounted from
outside, is the only door. ``<PORT:SOCKET`` is the way in: a socket that leads to the port on which the command
listens, PORT where it took that one. The relay is no child of the command and ends with the sandbox.
"""

import _thread
import contextlib
import os
import signal
import socket
import sys


def listen(port: int) -> list[socket.socket]:
    """Open a port on localhost, on IPv4 and, where there is one, IPv6."""
    doors = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        door = socket.socket(family, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            door.bind((host, port))
            door.listen(128)
            doors.append(door)
    return doors


def accept(door: socket.socket, path: str) -> None:
    """Take connections for ever, each with a socket and two threads of its own."""
    while True:
        inner, _ = door.accept()
        outer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            outer.connect(path)
        except OSError:
            inner.close()
            outer.close()
            continue
        _thread.start_new_thread(pump, (inner, outer))
        _thread.start_new_thread(pump, (outer, inner))


def pump(source: socket.socket, target: socket.socket) -> None:
    """Move bytes one way until there are no more; the other way goes on by itself."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def enter(path: str) -> socket.socket:
    """Open the socket that leads in; whoever can see it may use it."""
    entrance = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    entrance.bind(path)
    os.chmod(path, 0o666)  # noqa: PTH101, S103 - the folder around it lets nobody else in
    entrance.listen(128)
    return entrance


def admit(entrance: socket.socket, port: int, taken: set[int]) -> None:
    """Take connections from outside for ever; each is closed at once while nothing listens inside."""
    while True:
        outer, _ = entrance.accept()
        inner = reach(port, taken)
        if inner is None:
            outer.close()
            continue
        _thread.start_new_thread(pump, (inner, outer))
        _thread.start_new_thread(pump, (outer, inner))


def reach(port: int, taken: set[int]) -> socket.socket | None:
    """A connection to what the command listens on: the wanted port if it took that, else the lowest."""
    found = listening() - taken
    for number in sorted(found, key=lambda number: (number != port, number)):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            inner = socket.socket(family, socket.SOCK_STREAM)
            try:
                inner.connect((host, number))
            except OSError:
                inner.close()
            else:
                return inner
    return None


def listening() -> set[int]:
    """The TCP ports that are listened on, by /proc/net/tcp (proc(5)).

    Where other programs share this network, only those of processes that carry the command's mark.
    """
    alone = os.environ.get("BACKSMITH_ALONE") == "1"
    own = set() if alone else marked_sockets()
    ports = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(name, encoding="ascii") as table:  # noqa: PTH123
            for row in table:
                cells = row.split()
                if len(cells) > 9 and cells[3] == "0A" and (alone or cells[9] in own):
                    ports.add(int(cells[1].rpartition(":")[2], 16))
    return ports


def marked_sockets() -> set[str]:
    """The sockets, by inode, of the processes that inherited the mark of this command."""
    mark = b"BACKSMITH_COMMAND=" + os.environb.get(b"BACKSMITH_COMMAND", b"?")
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
                if mark not in file.read().split(b"\0"):
                    continue
            for handle in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    target = os.readlink(f"/proc/{pid}/fd/{handle}")  # noqa: PTH115
                    found.add(target.removeprefix("socket:[").rstrip("]"))
    return found


def serve(doors: list[tuple[socket.socket, str]], entrances: list[tuple[socket.socket, int]]) -> None:
    """The relay's own process."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.setsid()
    taken = {door.getsockname()[1] for door, _ in doors}
    for door, path in doors:
        _thread.start_new_thread(accept, (door, path))
    for entrance, port in entrances:
        _thread.start_new_thread(admit, (entrance, port, taken))
    while True:
        signal.pause()


def leave(ways: list[str]) -> None:
    """Open the doors and leave the relay to the sandbox's first process."""
    doors, entrances = [], []
    for pair in ways:
        port, _, path = pair.partition(":")
        if port.startswith("<"):
            entrances.append((enter(path), int(port[1:])))
        else:
            doors += [(door, path) for door in listen(int(port))]
    child = os.fork()
    if child == 0:
        if os.fork() == 0 and (doors or entrances):
            serve(doors, entrances)
        os._exit(0)
    os.waitpid(child, 0)
    for opened, _ in (*doors, *entrances):
        opened.close()


def main(argv: list[str]) -> None:
    """Leave a relay behind, become the command."""
    split = argv.index("--")
    leave(argv[:split])
    command = argv[split + 1 :]
    os.execvp(command[0], command)  # noqa: S606 - a list, and no shell is meant


if __name__ == "__main__":
    main(sys.argv[1:])
