"""The lean front door: asks the agent, and relays what it answers.

An empty interpreter is nearly all that it costs, so it imports nothing but what that has built in. Whatever it cannot
do by itself, the whole program does: `execve` of `__main__.py`.

A message is its length in four bytes, its kind in one, and fields with NUL between them (agent/wire.py has the list).
"""

import sys
from _signal import ITIMER_REAL, SIG_DFL, SIGPIPE, SIGXFSZ, setitimer, signal  # type: ignore[import-not-found]
from _socket import socket
from posix import _exit, environ, execve, fstat, getcwdb, getpid, isatty, open, read, write
from resource import RLIMIT_CORE, getrlimit, setrlimit

from shellint.reach import HERE, PLACE, PROTOCOL, PYTHON, VERSION, Elsewhere, connect, raw

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
CORE = getrlimit(RLIMIT_CORE)


def main(words: list[bytes]) -> int:
    """Run a command line and return its exit code."""
    limit_time(environ.pop(b"SHELLINT_DEADLINE", b""))
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
        PLACE,
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
            from shellint.agent.answering import answer

            send(connection, kind.lower(), *answer(kind, payload.split(b"\0")))
        else:
            raise Elsewhere


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
    except BrokenPipeError:
        return 1
    except OSError as error:
        tell(b"vault: the answer cannot be written: %s\n" % (error.strerror or "").encode())
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


def changed(changes: list[bytes]) -> dict[bytes, bytes]:
    """Return this process's environment with each `NAME=VALUE` set and each `NAME` taken out."""
    env = dict(environ)
    for change in changes:
        name, equals, value = change.partition(b"=")
        env.pop(name, None)
        if equals:
            env[name] = value
    return env


def become(program: list[bytes], changes: list[bytes]) -> int:
    """Replace this process by a program, in an environment with these changes."""
    env = changed(changes)
    restore(env)
    setitimer(ITIMER_REAL, 0)
    places = [b""] if b"/" in program[0] else env.get(b"PATH", b"/bin:/usr/bin").split(b":")
    for directory in places:
        try:
            execve(directory + b"/" + program[0] if directory else program[0], program, env)
        except (OSError, ValueError):
            continue
    from os import fsdecode  # why none is to be had, and how that is said, the whole program knows

    from shellint import process, terminal

    words = list(map(fsdecode, program))
    code, why = process.become(words, {fsdecode(key): fsdecode(value) for key, value in env.items()}, CORE)
    terminal.say(f"vault: {words[0]}: {why}")
    return code


def limit_time(seconds: bytes) -> None:
    """End this process after so many seconds: no shell can time out a `$(...)`."""
    if seconds.isdigit() and len(seconds) <= 4:
        setitimer(ITIMER_REAL, int(seconds))


def restore(env: dict[bytes, bytes]) -> None:
    """Undo what a program that follows would keep: ignored signals, no core dumps, a variable of Python's own."""
    for number in SIGPIPE, SIGXFSZ:
        signal(number, SIG_DFL)
    setrlimit(RLIMIT_CORE, CORE)
    as_given(env)


def as_given(env: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Take out of this process's environment the LC_CTYPE that Python itself sets in the C locale (PEP 538)."""
    if env.get(b"LC_CTYPE", b"").upper().endswith(b"UTF-8") and env.get(b"LANG", b"C") in {b"", b"C", b"POSIX"}:
        try:
            if b"\0LC_CTYPE=" not in b"\0" + read(open("/proc/self/environ", 0), 1 << 22):
                del env[b"LC_CTYPE"]
        except OSError:
            pass
    return env


def ask() -> int | None:
    """Have the agent answer the command line of this process, and return the exit code; None when it does not."""
    setrlimit(RLIMIT_CORE, (0, CORE[1]))  # whatever ends us, no key that is in memory goes to the disk
    try:
        return main([raw(word) for word in sys.argv[1:]])
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
        execve(sys.executable, [PYTHON, b"-I", HERE + b"/__main__.py", *map(raw, sys.argv[1:])], env)
    _exit(code or 0)
