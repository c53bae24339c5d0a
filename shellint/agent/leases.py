"""Which shell holds what, for how long; renewing it ahead of time, and telling shells that wait at their prompt."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from shellint.agent.hold import NEVER, Hold, beat_of, own_lease, renew_at
from shellint.agent.shells import Shell, Watch, find_shell
from shellint.agent.unattended import early_of, forget, longer
from shellint.agent.wire import Call
from shellint.errors import NeedsHuman, ShellintError
from shellint.hook import PROCESSES
from shellint.lease import Lease
from shellint.memory import Memory
from shellint.paths import paths_from, write_private
from shellint.request import Holding
from shellint.stamps import read_lock

__all__ = ["Leases"]

# Seconds between two looks at whether somebody has come back.
AWAY_LOOK = 60.0
# Seconds between tries after a failure: doubled each time, up to the last.
BACK_OFF, LONGEST_BACK_OFF = 60.0, 900.0


class Leases:
    """The sessions of all shells; safe to use from any thread. `tick` and `wait` are for the one that loops.

    In seconds: a terminal that nobody has touched for `away` gets nothing renewed; `grace` after the last shell of a
    profile has gone its session is forgotten. `descriptor` can be read when a shell has ended; None where nothing
    tells.
    """

    def __init__(
        self,
        directory: Path,
        memory: Memory,
        wake: Callable[[], None],
        stop: Callable[[], None],
        *,
        now: Callable[[], float] = time.time,
        away: float = 43_200.0,
        grace: float = 600.0,
    ) -> None:
        self._directory = directory
        self._memory = memory
        self._wake = wake
        self.stop = stop
        self._now = now
        self._away = away
        self._grace = grace
        self._lock = threading.Lock()
        self._held: dict[str, Hold] = {}
        self._left: dict[str, tuple[float, Hold]] = {}
        self._watch = Watch()
        self.descriptor = self._watch.descriptor

    def __bool__(self) -> bool:
        return bool(self._held or self._left)

    def shells(self) -> tuple[Holding, ...]:
        """Return which shells hold what."""
        with self._lock:
            held_now = list(self._held.values())
        return tuple(
            Holding(
                each.lease.id,
                each.lease.profile,
                each.shell.pid,
                each.kind,
                each.shell.tty,
                each.directory,
                each.since,
                None if each.expires == NEVER else each.expires,
            )
            for each in held_now
            if each.shell.lives()
        )

    def locked(self) -> None:
        """Forget what opens the stores, and tell every shell that its session was taken away."""
        self._memory.lock()
        with self._lock:
            everyone, self._held, self._left = list(self._held.values()), {}, {}
        for each in everyone:
            self._stamp(each.lease.id, 0)
            each.shell.poke()
        self._wake()

    def note(self, call: Call, env: Mapping[str, str]) -> None:
        """Note what a shell holds after a command of its own: `env` is its environment then.

        The loop looks again once the command is answered.
        """
        word = call.env.get("SHELLINT_PID", "")
        if not (word.isascii() and word.isdigit()):
            return
        pid, now = int(word), self._now()
        lease, before = own_lease(env, pid), own_lease(call.env, pid)
        if lease and not (lease.is_ours and lease.wish and lease.lock == read_lock(paths_from(env))):
            lease = None
        found = find_shell(pid) if lease else None
        with self._lock:
            # A shell holds one session; what it let go without a command of ours it still holds here.
            gone = {each.lease.id for each in self._held.values() if each.shell.pid == pid}
            for other in (gone | {before.id} if before else gone) - ({lease.id} if lease else set()):
                self._leave(other, now)
            if lease and found:
                self._hold(lease, *found, call.directory, env, now)
            self._watch.follow([each.shell for each in self._held.values()])

    def wait(self, now: float) -> float:
        """Return how many seconds nothing has to be done."""
        with self._lock:
            due = [min(each.ends, each.renew, each.beat) for each in self._held.values() if not each.renewing]
            due += [when for when, _ in self._left.values()]
            return max(0.0, min([*due, self._watch.next(now)]) - now)

    def tick(self, now: float) -> None:
        """Do what is due."""
        with self._lock:
            ended = set(self._watch.ended(now))
            for lease in [each.lease.id for each in self._held.values() if each.shell in ended]:
                self._leave(lease, now)
            if ended:
                self._watch.follow([each.shell for each in self._held.values()])
            self._forget_left(now)
            everyone = [each for each in self._held.values() if not each.renewing]
        for each in everyone:
            if now >= each.renew:
                self._renew_if_used(each, now)
            elif now >= each.ends:
                each.renew = each.ends = each.beat = NEVER
                self._stamp(each.lease.id, None)
                each.shell.poke()
            elif now >= each.beat:
                each.beat = beat_of(each, now)
                each.shell.poke()

    def _hold(self, lease: Lease, shell: Shell, name: str, directory: str, env: Mapping[str, str], now: float) -> None:
        known = self._held.get(lease.id)
        kind, expires = PROCESSES.get(name, name), float(lease.expires) if lease.expires else NEVER
        if known and known.shell == shell and known.lease == lease:
            known.kind, known.directory, known.env = kind, directory, dict(env)
            return
        same = known and known.shell == shell and known.lease.profile == lease.profile
        early = early_of(env)
        each = Hold(
            lease=lease,
            shell=shell,
            kind=kind,
            directory=directory,
            since=known.since if known and same else now,
            expires=expires,
            ends=expires,
            early=early,
            renew=renew_at(expires, now, early),
            beat=NEVER,
            env=dict(env),
        )
        each.beat = beat_of(each, now)
        self._held[lease.id] = each
        self._stamp(lease.id, None)

    def _renew_if_used(self, each: Hold, now: float) -> None:
        if each.shell.idle(now) >= self._away:
            each.renew = now + AWAY_LOOK
            return
        each.renewing = True
        threading.Thread(target=self._renew, args=(each,), daemon=True).start()

    def _renew(self, each: Hold) -> None:
        """Get the session that the shell will ask for, and tell it."""
        expires = each.ends
        try:
            expires = longer(each.lease, each.env, self._memory, self._now)
            again = renew_at(expires, self._now(), each.early) if expires > each.ends else None
        except NeedsHuman:
            again = NEVER  # the shell says so, when its own time to renew has come
        except ShellintError:
            again = None
        except Exception:  # noqa: BLE001  whatever it is, the shell itself tries at its next prompt, and says it
            again = None
        with self._lock:
            each.renewing = False
            if again is None:
                each.step = min(max(BACK_OFF, each.step * 2), LONGEST_BACK_OFF)
                again = self._now() + each.step
            else:
                each.step = 0.0
            each.renew = again
            news = expires > each.ends and self._held.get(each.lease.id) is each
            if news:
                each.ends = expires
                self._stamp(each.lease.id, int(expires))
        if news:
            each.shell.poke()
        self._wake()

    def _leave(self, lease: str, now: float) -> None:
        """Note that a shell no longer holds a session."""
        gone = self._held.pop(lease, None)
        self._stamp(lease, None)
        if gone and gone.lease.wish:
            self._left[gone.lease.wish.encode()] = now + self._grace, gone

    def _forget_left(self, now: float) -> None:
        profiles = {each.lease.profile for each in self._held.values()}
        for wish, (when, each) in list(self._left.items()):
            if each.lease.profile in profiles or now >= when:
                del self._left[wish]
                if each.lease.profile not in profiles:
                    args = (each.lease, each.env, self._memory, self._now)
                    threading.Thread(target=forget, args=args, daemon=True).start()

    def _stamp(self, lease: str, value: int | None) -> None:
        path = self._directory / f"lease-{lease}"
        with contextlib.suppress(ShellintError, OSError):
            if value is None:
                path.unlink(missing_ok=True)
            else:
                write_private(path, f"{value}\n".encode())
