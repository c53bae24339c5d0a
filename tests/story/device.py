"""The MFA device of a throw-away home, as the command `mfa`.

Each code it shows is a new one, so that nobody has to wait 30 seconds for the next: that needs the double's own
device, which is in this process. So the command asks for a code through a socket.
"""

from __future__ import annotations

import contextlib
import shlex
import socketserver
import sys
import threading
from collections.abc import Iterator

from tests.story.house import House

__all__ = ["mfa_command"]

_ASK = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(9).decode())"


@contextlib.contextmanager
def mfa_command(house: House) -> Iterator[None]:
    """Let `mfa`, typed in the house, print a code that AWS takes."""
    path = str(house.home / "run" / "mfa")

    class Show(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(house.mfa.fresh_code().encode())

    with socketserver.UnixStreamServer(path, Show) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        house.add_program("mfa", f"exec {shlex.join([sys.executable, '-I', '-S', '-c', _ASK, path])}")
        yield
        server.shutdown()
