"""`python -I .../shellint/__main__.py`, which is how the hook calls us, and what the console scripts call."""

import gc
import os
import sys

__all__ = ["console", "main"]


def console() -> int:
    """Run the command line of an installed `vault`: by the agent where it can, else here."""
    if sys.platform != "win32":
        from shellint.lean import ask

        code = ask()
        if code is not None:
            os._exit(code)
    return main()


def main() -> int:
    """Run the command line and return the exit code."""
    try:
        _limit_time()
        _hold_descriptors()
        _trust_only_ourselves()
        gc.disable()  # imports make much garbage to look through and little to free; this process ends in a moment
        from shellint.front import run

        return run(sys.argv[1:], _environment())
    except KeyboardInterrupt:
        return 130


def _limit_time() -> None:
    # What a prompt starts may not hold it up, and no shell can time out a `$(...)`: so before anything is imported.
    seconds = os.environ.pop("SHELLINT_DEADLINE", "")
    if seconds.isascii() and seconds.isdigit() and len(seconds) <= 4 and sys.platform != "win32":
        import signal

        signal.setitimer(signal.ITIMER_REAL, int(seconds))


def _hold_descriptors() -> None:
    """Open what the caller closed of stdin, stdout and stderr: else a file of ours would become one of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def _environment() -> dict[str, str]:
    """Return the caller's environment: without the LC_CTYPE that Python itself sets in the C locale (PEP 538)."""
    env = dict(os.environ)
    if env.get("LC_CTYPE", "").upper().endswith("UTF-8") and env.get("LANG", "C") in {"", "C", "POSIX"}:
        try:
            with open("/proc/self/environ", "rb") as file:  # noqa: PTH123  what it was before Python began
                if b"\0LC_CTYPE=" not in b"\0" + file.read():
                    del env["LC_CTYPE"]
        except OSError:
            pass
    return env


def _trust_only_ourselves() -> None:
    """Make this installation importable, and nothing that PYTHONPATH or the current directory brings.

    `-I` hides the user's own site-packages, where `pip install --user` puts us. A console script is started without
    `-I`: there a `jinja2.py` in the current directory would run under `PYTHONPATH=:`.
    """
    standard = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    if not sys.flags.isolated:
        first = next((index for index, entry in enumerate(sys.path) if entry.endswith(standard)), 0)
        del sys.path[:first]
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  pathlib costs 5 ms
    if here not in sys.path:
        third_party = ("site-packages", "dist-packages")
        sys.path.insert(
            next((index for index, entry in enumerate(sys.path) if entry.endswith(third_party)), len(sys.path)), here
        )


if __name__ == "__main__":
    sys.exit(main())
