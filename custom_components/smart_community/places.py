"""Every name of a far end: two spellings of one line are one line, and it serves one client.

A host by name and by address, and a serial port by its id and by its number. What is here asks the
resolver and the disk: for the executor.
"""

import os
import socket
from urllib.parse import urlsplit


def places(path: str) -> set[tuple[str, int]]:
    """Return every name of a serial device, or of a `socket://host:port`."""
    if "://" not in path:
        return {(os.path.realpath(path), 0)}
    try:
        url = urlsplit(path)
        return host_places(url.hostname or "", url.port or 0)
    except ValueError:  # another integration's path, which need not make sense here
        return {(path, 0)}


def host_places(host: str, port: int) -> set[tuple[str, int]]:
    """Ask the resolver; a name that it does not know is compared as it is written."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    return {(host.lower(), port), *((str(address[0]), port) for *_, address in found)}
