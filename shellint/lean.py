"""The lean front door: asks the agent, and relays what it answers.

An empty interpreter is nearly all that it costs, so it imports nothing but what that has built in. Whatever it cannot
do by itself, the whole program does: `execv` of `__main__.py`.

A message is its length in four bytes, its kind in one, and fields with NUL between them (agent/wire.py has the list).
"""

import sys
from _signal import ITIMER_REAL, SIG_DFL, SIGPIPE, SIGXFSZ, setitimer, signal  # type: ignore[import-not-found]
from _socket import socket
from posix import (
    _exit,
    closerange,
    dup2,
    environ,
    execve,
    fork,
    fstat,
    getcwdb,
    geteuid,
    getpid,
    isatty,
    lstat,
    mkdir,
    open,
    read,
    setsid,
    waitpid,
    write,
)
from resource import RLIMIT_CORE, getrlimit, setrlimit
from time import sleep

PROTOCOL = b"1"
VERSION = b"0.1.0"
# Seconds in which an agent that was just started has to listen.
START_LIMIT = 5
# What the agent answers, and whether one is started for it.
COMMANDS = {
    b"use": True,
    b"refresh": True,
    b"exec": True,
    b"export": True,
    b"credential-process": True,
    b"whoami": True,
    b"clear": False,
    b"region": False,
    b"status": False,
    b"hook": False,
    b"lock": False,
    b"sessions": False,
    b"agent": False,
}
# The part of the environment that shapes an answer; the rest stays where it is.
PREFIXES = (b"AWS", b"SHELLINT_", b"_SHELLINT_", b"XDG_", b"SSH_", b"LC_", b"NO_", b"WSL", b"TERMUX")
NAMES = {
    b"HOME", b"USER", b"LOGNAME", b"LANG", b"PATH", b"SHELL", b"TERM", b"DBUS_SESSION_BUS_ADDRESS", b"DISPLAY",
    b"WAYLAND_DISPLAY", b"BROWSER", b"http_proxy", b"https_proxy", b"no_proxy", b"HTTP_PROXY", b"HTTPS_PROXY",
}  # fmt: skip
# What a program of ours that outlives the command may know of the caller.
KEPT = {b"HOME", b"USER", b"LOGNAME", b"LANG", b"PATH", b"DBUS_SESSION_BUS_ADDRESS", b"DISPLAY", b"WAYLAND_DISPLAY"}

CORE = getrlimit(RLIMIT_CORE)
HERE = __file__.rpartition("/")[0] or "."


class Elsewhere(Exception):
    """The command is for the whole program."""


def main(words: list[bytes]) -> int:
    """Run a command line and return its exit code."""
    if environ.get(b"SHELLINT_DEADLINE"):
        limit_time(environ[b"SHELLINT_DEADLINE"])
    command = words[0] if words else b""
    if (
        command not in COMMANDS
        or environ.get(b"SHELLINT_AGENT", b"") not in {b"", b"auto"}
        or any(word in {b"--debug", b"--serve"} or word.startswith(b"--passphrase-fd") for word in words)
    ):
        raise Elsewhere
    for descriptor in 0, 1, 2:
        fstat(descriptor)  # a closed one is opened by the whole program
    connection = connect(COMMANDS[command] or words[:2] == [b"agent", b"start"])
    env = [name + b"=" + value for name, value in environ.items() if name in NAMES or name.startswith(PREFIXES)]
    send(
        connection,
        b"Q",
        PROTOCOL,
        VERSION,
        b"%d" % getpid(),
        b"1" if isatty(1) else b"0",
        getcwdb(),
        b"%d" % len(words),
        *words,
        *env,
    )
    while True:
        kind, payload = receive(connection)
        if kind == b"X":
            return finish(payload.split(b"\0"))
        if kind == b"S":
            tell(payload)
        elif kind in b"AR":
            sys.path.insert(0, HERE.rpartition("/")[0])
            from shellint.agent.answering import answer

            send(connection, kind.lower(), *answer(kind, payload.split(b"\0")))
        else:
            raise Elsewhere


def connect(may_start: bool) -> socket:
    """Return a connection to the agent, which is started where there is none."""
    directory = runtime_directory()
    name = b"%s/agent-%s-%x" % (directory, PROTOCOL, digest(b"HOME", b"XDG_DATA_HOME", b"XDG_CONFIG_HOME"))
    if len(name) > 100:
        raise Elsewhere
    started = False
    for _ in range(START_LIMIT * 500):
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
        if not started:
            started = True
            start(name)
        sleep(0.002)
    raise Elsewhere


def runtime_directory() -> bytes:
    """Return the directory of the socket, which nobody else can have prepared."""
    named = environ.get(b"XDG_RUNTIME_DIR", b"")
    for directory in ([named + b"/shellint"] if named.startswith(b"/") else []) + [b"/tmp/shellint-%d" % geteuid()]:
        for _ in 0, 1:
            try:
                found = lstat(directory)
            except OSError:
                try:
                    mkdir(directory, 0o700)
                except OSError:
                    break
                continue
            if found.st_mode == 0o040700 and found.st_uid == geteuid():
                return directory
            break
    raise Elsewhere


def digest(*names: bytes) -> int:
    """Return a number for what these variables say (FNV-1a): each home has an agent of its own."""
    number = 0xCBF29CE484222325
    for byte in b"\0".join(environ.get(name, b"") for name in names):
        number = (number ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return number


def start(name: bytes) -> None:
    """Start an agent that is nobody's child and holds nothing of ours."""
    child = fork()
    if child:
        waitpid(child, 0)
        return
    try:
        setsid()
        if not fork():
            null = open("/dev/null", 2)
            for descriptor in 0, 1, 2:
                dup2(null, descriptor)
            closerange(3, 4096)
            kept = {key: value for key, value in environ.items() if key in KEPT or key.startswith(b"XDG_")}
            execve(sys.executable, [sys.executable.encode(), b"-I", HERE.encode() + b"/agent/__main__.py", name], kept)
    finally:
        _exit(0)


def send(connection: socket, kind: bytes, *fields: bytes) -> None:
    """Send one message."""
    payload = b"\0".join(fields)
    connection.sendall(len(payload).to_bytes(4, "big") + kind + payload)


def receive(connection: socket) -> tuple[bytes, bytes]:
    """Return the kind and the payload of the next message."""
    head = exactly(connection, 5)
    return head[4:], exactly(connection, int.from_bytes(head[:4], "big"))


def exactly(connection: socket, count: int) -> bytes:
    """Return that many bytes."""
    found = b""
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            raise Elsewhere
        found += more
    return found


def finish(fields: list[bytes]) -> int:
    """Write what was answered and return the exit code, or become the program that was named."""
    code, told, out, failure, words, *rest = fields
    tell(told)
    if words != b"0":
        return become(rest[: int(words)], rest[int(words) :])
    try:
        while out:
            out = out[write(1, out) :]
    except OSError:
        return 1
    tell(failure)
    return int(code)


def tell(text: bytes) -> None:
    """Write to stderr; that nobody hears it is no failure."""
    try:
        while text:
            text = text[write(2, text) :]
    except OSError:
        pass


def become(program: list[bytes], changes: list[bytes]) -> int:
    """Replace this process by a program, with each `NAME=VALUE` set and each `NAME` unset."""
    env = dict(environ)
    for change in changes:
        name, equals, value = change.partition(b"=")
        env.pop(name, None)
        if equals:
            env[name] = value
    restore(env)
    code, why = 127, b"command not found"
    places = [b""] if b"/" in program[0] else [place + b"/" for place in env.get(b"PATH", b"/bin:/usr/bin").split(b":")]
    for place in places:
        try:
            execve(place + program[0], program, env)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            code, why = 126, (error.strerror or "it may not be run").encode()
    tell(b"vault: %s: %s\n" % (program[0], why))
    return code


def peer(connection: socket) -> int:
    """Return the user at the other end: SO_PEERCRED of Linux, LOCAL_PEERCRED of macOS, where it stands alike."""
    level, option, size = (1, 17, 12) if sys.platform == "linux" else (0, 1, 76)
    return int.from_bytes(connection.getsockopt(level, option, size)[4:8], sys.byteorder)


def limit_time(seconds: bytes) -> None:
    """End this process after so many seconds: no shell can time out a `$(...)`."""
    if seconds.isdigit() and len(seconds) <= 4:
        setitimer(ITIMER_REAL, int(seconds))


def restore(env: dict[bytes, bytes]) -> None:
    """Undo what a program that follows would keep: ignored signals and, in the C locale, an LC_CTYPE (PEP 538)."""
    for number in SIGPIPE, SIGXFSZ:
        signal(number, SIG_DFL)
    setitimer(ITIMER_REAL, 0)
    setrlimit(RLIMIT_CORE, CORE)
    if env.get(b"LC_CTYPE", b"").upper().endswith(b"UTF-8") and env.get(b"LANG", b"C") in {b"", b"C", b"POSIX"}:
        try:
            if b"\0LC_CTYPE=" not in b"\0" + read(open("/proc/self/environ", 0), 1 << 20):
                del env[b"LC_CTYPE"]
        except OSError:
            pass


def ask() -> int | None:
    """Have the agent answer the command line of this process, and return the exit code; None when it does not."""
    setrlimit(RLIMIT_CORE, (0, CORE[1]))  # whatever ends us, no key that is in memory goes to the disk
    try:
        return main([word.encode(sys.getfilesystemencoding(), "surrogateescape") for word in sys.argv[1:]])
    except (Elsewhere, OSError):
        setrlimit(RLIMIT_CORE, CORE)
        return None
    except KeyboardInterrupt:
        return 130


def run() -> None:
    """Answer the command line of this process, and end it."""
    code = ask()
    if code is None:
        env = dict(environ)
        restore(env)
        program = [b"-I", HERE.encode() + b"/__main__.py"]
        words = [word.encode(sys.getfilesystemencoding(), "surrogateescape") for word in sys.argv[1:]]
        execve(sys.executable, [sys.executable.encode(), *program, *words], env)
    _exit(code or 0)
