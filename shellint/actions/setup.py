"""`setup`: the hook's lines into the file that a shell reads when it starts, and out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shellint.errors import ShellintError
from shellint.hook import hook_text, kept_hook
from shellint.paths import home_directory, private_directory
from shellint.rc_block import hook_line_number, with_block, without_block
from shellint.rc_file import backup_of, obstacle, read, restore, write
from shellint.render import SHELLS, render_setup
from shellint.request import Reply, Request
from shellint.startup import Startup, ask_shell, login_hint, startup
from shellint.terminal import answered_by

__all__ = ["setup", "undo"]

_LOCK_SECONDS = 10


def setup(request: Request, kind: str, *, name: str, prompt: bool, yes: bool) -> Reply:
    """Add the hook to the start-up file of a kind of shell, once, after showing the lines; `yes` asks nothing.

    What a person wrote there by hand counts. A file that is not to be written is left alone: the lines are printed.
    """
    files = _files(request, kind)
    file, lines = files.file, _lines(request, kind, name=name, prompt=prompt)
    with _failures_of(file):
        before = read(file)
        after = _with_lines(before, lines, kind)
        if before == after:
            return Reply(notes=_already(request, f"{file} has", files))
        if by_hand := _by_hand(files):
            return Reply(notes=_already(request, f"{by_hand} loads", files))
        if reason := obstacle(file) or ("is not plain text" if b"\0" in before else None):
            return Reply(out=lines, notes=(f"{file} {reason}, so nothing was written; it needs this:",), code=1)
        if not yes and not _agreed(request, file, lines):
            return Reply(notes=("nothing was changed",), code=1)
        hook_text(kind, request.env, name=name, prompt=prompt)
        with _lock(request):
            before = read(file)
            existed = file.exists()
            write(file, _with_lines(before, lines, kind), former=without_block(before))
    notes = (
        f"{_place(file)} has the hook now; open a new shell",
        f"as it was before: {backup_of(file)}" if existed else "",
        login_hint(files),
    )
    return Reply(notes=tuple(filter(None, notes)))


def undo(request: Request, kind: str) -> Reply:
    """Take out what `setup` added, wherever it was added; everything else stays byte for byte."""
    files = _files(request, kind)
    notes = []
    for file in dict.fromkeys((files.file, *files.also, *files.elsewhere)):
        with _failures_of(file), _lock(request):
            before = read(file)
            after = without_block(before)
            if before == after:
                continue
            if reason := obstacle(file):
                raise ShellintError(f"{file} {reason}, so nothing was changed", "remove the lines by hand")
            restore(file, after)
        notes.append(f"the hook is out of {_place(file)}; shells that are open keep it")
    if by_hand := _by_hand(files):
        notes.append(f"{by_hand} still loads the hook: that line was added by hand")
    return Reply(notes=tuple(notes) or (f"there is nothing of ours in {files.file}",))


def _files(request: Request, kind: str) -> Startup:
    return startup(kind, request.env, home_directory(request.env), ask=ask_shell)


def _lines(request: Request, kind: str, *, name: str, prompt: bool) -> str:
    kept = kept_hook(kind, request.env, name=name, prompt=prompt)
    return render_setup(SHELLS[kind], kept, home=home_directory(request.env), command=name, prompt=prompt)


def _with_lines(data: bytes, lines: str, kind: str) -> bytes:
    # The other shells take the carriage return for a part of the last word.
    crlf = kind == "powershell" and b"\r\n" in data
    return with_block(data, lines, newline="\r\n" if crlf else "\n")


def _already(request: Request, loads: str, files: Startup) -> tuple[str, ...]:
    # A hook leaves its version in the environment of what it runs.
    todo = "nothing to do" if "SHELLINT_HOOK" in request.env else "open a new shell"
    return tuple(filter(None, (f"{loads} the hook already; {todo}", login_hint(files))))


def _by_hand(files: Startup) -> str | None:
    for file in (files.file, *files.also):
        try:
            number = hook_line_number(without_block(read(file)))
        except OSError:
            continue
        if number is not None:
            return f"line {number} of {file}"
    return None


def _agreed(request: Request, file: Path, lines: str) -> bool:
    request.human.say(f"{_place(file)} gets:")
    for line in lines.splitlines():
        request.human.say(f"    {line}")
    with answered_by("--yes answers it"):
        return request.human.confirm("Add it?", default=True)


def _place(file: Path) -> str:
    return f"{file.resolve()}, where {file} points," if file.is_symlink() else str(file)


@contextmanager
def _failures_of(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ShellintError(
            f"{file} cannot be changed: {error.strerror}", "make room or make it writable, or add the line by hand"
        ) from None


@contextmanager
def _lock(request: Request) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(private_directory(request.paths.data) / "setup.lock", timeout=_LOCK_SECONDS, mode=0o600):
            yield
    except Timeout:
        raise ShellintError("another `vault setup` is at work", "try again when it is done") from None
