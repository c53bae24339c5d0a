"""`python -I -S .../shellint/agent/__main__.py SOCKET`: listens first, and only then imports what it answers with.

Its standard output is a pipe at whose end a client waits until it listens.
"""

import sys
from _signal import SIG_IGN, SIG_SETMASK, SIGHUP, SIGINT, pthread_sigmask, signal  # type: ignore[import-not-found]
from _socket import AF_UNIX, SOCK_STREAM, socket
from fcntl import LOCK_EX, LOCK_NB, flock
from posix import O_CLOEXEC, O_CREAT, O_NOFOLLOW, O_RDWR, chdir, dup2, geteuid, lstat, open, umask, unlink

__all__ = ["main"]

BACKLOG = 1024


def main() -> int:
    """Answer at the socket until there is nothing to do; return at once where another agent does already."""
    pthread_sigmask(SIG_SETMASK, ())
    for number in SIGINT, SIGHUP:
        signal(number, SIG_IGN)  # they are for the terminal that happened to start it
    name = sys.argv[1]
    found = lstat(name.rpartition("/")[0])
    if found.st_uid != geteuid() or found.st_mode != 0o040700:
        return 1
    umask(0o177)
    lock = open(f"{name}.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except OSError:
        return 0
    try:
        unlink(name)
    except FileNotFoundError:
        pass
    listener = socket(AF_UNIX, SOCK_STREAM)
    listener.bind(name)
    listener.listen(BACKLOG)
    dup2(0, 1)
    umask(0o077)
    chdir("/")
    sys.path.append(__file__.rpartition("/shellint/")[0] or "/")
    import site

    site.main()
    from shellint.agent.ready import serve

    serve(listener.detach(), name, lock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
