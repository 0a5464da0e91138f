"""Runs inside the sandbox: opens localhost ports that lead to Unix sockets, then becomes the command.

Started as a plain script (``python -I -S relay.py PORT:SOCKET ... -- COMMAND ...``), so it imports nothing of
ours and little of anything. A network namespace of its own has no way out; the socket, mounted from outside,
is the only door. The relay is no child of the command and ends with the sandbox.
"""

import _thread
import contextlib
import os
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


def serve(doors: list[tuple[socket.socket, str]]) -> None:
    """The relay's own process."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.setsid()
    for door, path in doors[1:]:
        _thread.start_new_thread(accept, (door, path))
    accept(*doors[0])


def main(argv: list[str]) -> None:
    """Open the doors, leave the relay to the sandbox's first process, become the command."""
    split = argv.index("--")
    doors = []
    for pair in argv[:split]:
        port, _, path = pair.partition(":")
        doors += [(door, path) for door in listen(int(port))]
    child = os.fork()
    if child == 0:
        if os.fork() == 0 and doors:
            serve(doors)
        os._exit(0)
    os.waitpid(child, 0)
    for door, _ in doors:
        door.close()
    command = argv[split + 1 :]
    os.execvp(command[0], command)  # noqa: S606 - a list, and no shell is meant


if __name__ == "__main__":
    main(sys.argv[1:])
