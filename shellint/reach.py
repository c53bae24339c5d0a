"""Reaching the agent: where its socket is, who listens there, starting one. For lean.py, so with what is built in."""

import sys
from _socket import socket
from posix import (
    _exit,
    close,
    closerange,
    dup2,
    environ,
    execve,
    fork,
    geteuid,
    lstat,
    mkdir,
    open,
    pipe,
    read,
    setsid,
    stat,
    waitpid,
)
from time import sleep

PROTOCOL = b"1"
VERSION = b"0.1.0"
# Connections that are tried, and the seconds between them, when another client's agent is about to listen.
TRIES, BETWEEN = 250, 0.002
# What a program of ours that outlives the command may know of the caller.
KEPT = {b"HOME", b"USER", b"LOGNAME", b"LANG", b"PATH", b"DBUS_SESSION_BUS_ADDRESS", b"DISPLAY", b"WAYLAND_DISPLAY"}


def raw(text: str) -> bytes:
    """Return what the system gave us as text."""
    return text.encode(sys.getfilesystemencoding(), "surrogateescape")


PYTHON = raw(sys.executable)
HERE = raw(__file__).rpartition(b"/")[0] or b"."
PLACE = PYTHON + b" " + HERE


class Elsewhere(Exception):
    """The command is for the whole program."""


def connect(may_start: bool) -> socket:
    """Return a connection to the agent, which is started where there is none."""
    directory = runtime_directory()
    name = b"%s/agent-%s-%x" % (directory, PROTOCOL, digest(b"HOME", b"XDG_DATA_HOME", b"XDG_CONFIG_HOME"))
    if len(name) > 100:
        raise Elsewhere
    started = False
    for _ in range(TRIES):
        connection = socket(1, 1)
        try:
            connection.connect(name)
        except OSError:
            connection.close()
            if not may_start:
                raise Elsewhere from None
        else:
            if peer(connection) != geteuid():
                raise Elsewhere
            return connection
        if started:
            sleep(BETWEEN)
        else:
            started = True
            start(name)
    raise Elsewhere


def runtime_directory() -> bytes:
    """Return the directory of the socket, made where it is missing: nobody else can have prepared it."""
    directory = b"/tmp/shellint-%d" % geteuid()
    named = environ.get(b"XDG_RUNTIME_DIR", b"")
    if named.startswith(b"/"):
        try:
            found = stat(named)
            if found.st_uid == geteuid() and not found.st_mode & 0o022:
                directory = named + b"/shellint"
        except OSError:
            pass
    try:
        found = lstat(directory)
    except FileNotFoundError:
        try:
            mkdir(directory, 0o700)
        except FileExistsError:
            pass  # by another client, at the same moment
        found = lstat(directory)
    if found.st_mode != 0o040700 or found.st_uid != geteuid():
        raise Elsewhere
    return directory


def digest(*names: bytes) -> int:
    """Return a number for what these variables say (FNV-1a): each home has an agent of its own."""
    number = 0xCBF29CE484222325
    for byte in b"\0".join(environ.get(name, b"") for name in names):
        number = (number ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return number


def start(name: bytes) -> None:
    """Start an agent that is nobody's child and holds nothing of ours, and wait until it listens or ends."""
    listening, silent = pipe()
    child = fork()
    if child:
        close(silent)
        waitpid(child, 0)
        read(listening, 1)
        close(listening)
        return
    try:
        setsid()
        if not fork():
            null = open("/dev/null", 2)
            for descriptor, meant in enumerate((null, silent, null)):
                dup2(meant, descriptor)
            closerange(3, 65536)
            kept = {key: value for key, value in environ.items() if key in KEPT or key.startswith(b"XDG_")}
            execve(sys.executable, [PYTHON, b"-I", b"-S", HERE + b"/agent/__main__.py", name], kept)
    finally:
        _exit(0)


def peer(connection: socket) -> int:
    """Return the user at the other end: SO_PEERCRED of Linux, LOCAL_PEERCRED of macOS, where it stands alike."""
    level, option, size = (1, 17, 12) if sys.platform == "linux" else (0, 1, 76)
    return int.from_bytes(connection.getsockopt(level, option, size)[4:8], sys.byteorder)
