"""In the client: what the agent asks of the person and of the machine they sit at. Imported when it asks."""

from __future__ import annotations

from shellint.errors import Interrupted, ShellintError
from shellint.terminal import NoHuman, Terminal, somebody

__all__ = ["answer"]


def answer(kind: bytes, fields: list[bytes]) -> list[bytes]:
    """Return the fields of the answer to a message of kind A or R."""
    try:
        return _asked(*map(_text, fields)) if kind == b"A" else _run(fields)
    except Interrupted:
        return [b"interrupted"]
    except ShellintError as error:
        return [b"error", _bytes(error.what), _bytes(error.todo)]


def _asked(style: str, question: str) -> list[bytes]:
    terminal = Terminal()
    match style:
        case "ask":
            given = terminal.ask(question)
        case "secret":
            given = terminal.ask_secret(question)
        case "there":
            given = "yes" if somebody(terminal) else "no"
        case _:
            given = "yes" if terminal.confirm(question, default=style == "yes") else "no"
    return [b"ok", _bytes(given)]


def _run(fields: list[bytes]) -> list[bytes]:
    import os
    import site

    from shellint.lean import as_given, changed
    from shellint.running import run

    site.main()  # where a program has to be ended, psutil does it
    name, seconds, notice, longest, terminal, count, *rest = fields
    env = as_given(changed(rest[int(count) :]))
    code, printed = run(
        list(map(_text, rest[: int(count)])),
        _text(name),
        human=Terminal() if terminal == b"1" else NoHuman(),
        env={os.fsdecode(key): os.fsdecode(value) for key, value in env.items()},
        seconds=float(seconds),
        notice=float(notice) if notice else None,
        longest=int(longest),
    )
    return [b"ok", b"%d" % code, printed]


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
