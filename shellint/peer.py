"""Who is at the other end of a connection over the loopback: any user of this machine can make one."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

__all__ = ["is_trusted", "tells_users_apart"]

_PROC = Path("/proc/net")

# A table is not read in one piece, and may miss a line while others come and go.
_TRIES, _PAUSE = 3, 0.02
# Firefox and Java connect to IPv4 addresses by sockets of IPv6.
_MAPPED = {"little": "0000000000000000FFFF0000", "big": "00000000000000000000FFFF"}
_TABLES = {"tcp": "", "tcp6": _MAPPED[sys.byteorder]}

_Address = tuple[str, int]


def tells_users_apart(proc: Path = _PROC) -> bool:
    """Tell whether this system says whose a connection is."""
    return (proc / "tcp").exists()


def is_trusted(connection: socket.socket, *, proc: Path = _PROC) -> bool:
    """Tell whether the peer of a connection (over IPv4) is a process of our user, or of root.

    Root can read our memory anyway, and is who passes on what the browser of a Windows host sends into WSL. True where
    the system has no such table (https://docs.kernel.org/networking/proc_net_tcp.html). Raises OSError when the
    connection is broken off.
    """
    if not tells_users_apart(proc):
        return True
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        owner = _owner(connection.getpeername(), connection.getsockname(), proc)
        if owner is not None:
            return owner in {os.geteuid(), 0}
        connection.getpeername()  # of one that was broken off meanwhile there is nothing to wait for
    return False


def _owner(peer: _Address, here: _Address, proc: Path) -> int | None:
    """Return the uid that holds the other end, -1 when it is closed, None when it is in no table."""
    for table, prefix in _TABLES.items():
        wanted = [prefix + _shown(peer), prefix + _shown(here)]
        try:
            lines = (proc / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[1:3] == wanted:
                # An end that its process has closed has no inode, and says root of everybody.
                return int(fields[7]) if fields[9] != "0" else -1
    return None


def _shown(address: _Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
