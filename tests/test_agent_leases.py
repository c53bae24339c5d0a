"""What the agent does for the shells over hours: its clock and the terminal's are moved, and nobody waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from shellint.agent.hold import Hold, beat_of
from shellint.agent.shells import SWEEP, Shell, Watch, find_shell
from shellint.cli.options import Invocation
from shellint.outcome import outcome_of
from shellint.paths import paths_from
from shellint.stamps import change_lock
from shellint.terminal import NoHuman
from tests.agent_rig import agency, until, variables
from tests.agent_room import HOUR, Room
from tests.desk import Desk


@pytest.fixture
def room(desk: Desk, tmp_path: Path) -> Iterator[Room]:
    desk.role("plain")
    with ExitStack() as programs:
        yield Room(desk, programs, tmp_path)
    desk.aws.session_seconds_for = {}


def test_a_terminal_left_alone_for_fifty_minutes_is_served_and_one_for_thirteen_hours_is_not(room: Room) -> None:
    shell = room.shell()
    loaded = room.run(shell, "use", "plain")
    room.touched(shell, room.began)
    room.pass_time(0.9 * HOUR - 1)
    assert room.asked() == 1
    room.pass_time(5)
    assert room.asked() == 2
    assert int(room.stamps()[0]) > int(loaded["SHELLINT_EXPIRES"]) + 3000
    shell.see("^poked")
    woken = room.pass_time(12 * HOUR)
    served = room.asked()
    assert served == 2 + 12  # each 54 minutes, until nobody had been there for twelve hours
    assert room.stamps() == []
    assert len(woken) < 100
    room.pass_time(12 * HOUR)
    assert room.asked() == served


def test_who_comes_back_is_served_again(room: Room) -> None:
    shell = room.shell()
    room.run(shell, "use", "plain")
    room.touched(shell, room.began - 12 * HOUR)
    room.pass_time(0.95 * HOUR)
    assert room.asked() == 1
    room.touched(shell, room.now)
    room.pass_time(61)
    assert room.asked() == 2


def test_a_failure_backs_off_and_is_not_said(room: Room) -> None:
    room.env["AWS_MIN_TTL"] = "29m"
    shell = room.shell()
    room.run(shell, "use", "plain")
    room.touched(shell, room.began)
    room.desk.config.write_text("nothing of use")
    woken = room.pass_time(2 * HOUR)
    assert [round((later - earlier) / 60) for earlier, later in pairwise(woken)] == [1, 2, 4, 8, 15]
    assert woken[0] == pytest.approx(30 * 60, abs=5)
    assert room.asked() == 1
    shell.see("^poked")  # at the end


def test_what_needs_a_person_is_left_to_the_person(room: Room) -> None:
    room.desk.role("dev", mfa=True)
    shell = room.shell()
    room.desk.aws.session_seconds_for = {"GetSessionToken": 900}
    room.run(shell, "use", "dev", "--mfa-token", room.desk.mfa.fresh_code())
    room.touched(shell, room.began)
    woken = room.pass_time(2 * HOUR)
    assert room.asked() == 1
    assert [round(each / 60) for each in woken] == [54, 60]


def test_a_renewal_is_the_one_that_the_shell_gets(room: Room) -> None:
    shell = room.shell()
    loaded = room.run(shell, "use", "plain")
    room.touched(shell, room.began)
    room.pass_time(0.9 * HOUR + 5)
    renewed = room.run(shell, "refresh", "--ahead", env=loaded)
    assert renewed["AWS_ACCESS_KEY_ID"] != loaded["AWS_ACCESS_KEY_ID"]
    assert room.asked() == 2
    assert room.stamps() == []


def test_a_lock_that_the_agent_has_not_seen_ends_renewal(room: Room) -> None:
    shell = room.shell()
    room.run(shell, "use", "plain")
    room.touched(shell, room.began)
    change_lock(paths_from(room.env), room.now)
    room.pass_time(2 * HOUR)
    assert room.asked() == 1


def test_a_role_session_is_forgotten_when_its_last_shell_has_gone(room: Room) -> None:
    room.desk.role("dev", mfa=True)
    first, second = room.shell(), room.shell()
    loaded = room.run(first, "use", "dev", "--mfa-token", room.desk.mfa.fresh_code())
    room.run(second, "use", "dev")
    assert room.stored() == 2
    room.run(first, "clear", env=loaded)
    room.pass_time(1200)
    assert room.stored() == 2
    room.leave(second)
    room.pass_time(590)
    assert (room.stored(), bool(room.leases)) == (2, True)
    room.pass_time(20)
    until(lambda: room.stored() == 1)  # that of the MFA code
    assert not room.leases
    assert room.leases.shells() == ()


def test_one_that_is_taken_again_in_time_is_kept_and_so_is_one_that_no_shell_had(room: Room) -> None:
    room.desk.role("other")
    outcome_of(["export", "other"], Invocation(room.env, nobody=NoHuman(), human=NoHuman()))
    first = room.shell()
    room.run(first, "use", "plain")
    assert room.stored() == 2
    room.leave(first)
    room.pass_time(300)
    room.run(room.shell(), "use", "plain")
    room.pass_time(1200)
    assert (room.stored(), room.asked()) == (2, 2)


def test_a_shell_holds_one_session_and_only_its_own(room: Room) -> None:
    room.desk.role("other")
    shell, pane = room.shell(), room.shell()
    loaded = room.run(shell, "use", "plain")
    room.run(pane, "status", env=loaded)  # inherited, as in a pane of tmux
    assert [each.pid for each in room.leases.shells()] == [shell.pid]
    room.run(pane, "clear", env=loaded)
    assert [each.pid for each in room.leases.shells()] == [shell.pid]
    other = room.run(shell, "use", "other", env=loaded)
    assert [each.profile for each in room.leases.shells()] == ["other"]
    room.run(shell, "status", env={**other, "AWS_ACCESS_KEY_ID": "AKIAMINE"})
    assert room.leases.shells() == ()


def test_another_process_with_the_pid_is_none_of_ours(room: Room) -> None:
    terminal = room.shell()
    found = find_shell(terminal.pid)
    assert found
    shell = found[0]
    former = replace(shell, begun=shell.begun - 1)
    assert (shell.lives(), former.lives()) == (True, False)
    assert not former.poke()
    assert shell.poke()
    terminal.see("^poked")
    watch = Watch()
    watch.follow([shell, former])
    assert watch.ended(1000.0) == [former]
    watch.follow([shell])
    assert watch.next(1000.0) == float("inf")
    terminal.close()
    until(lambda: watch.ended(1000.0) == [shell])


def test_without_an_event_of_the_kernel_the_shells_are_looked_at(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    terminal, watch = room.shell(), Watch()
    found = find_shell(terminal.pid)
    assert found
    watch.follow([found[0]])
    assert (watch.descriptor, watch.ended(1000.0)) == (None, [])
    terminal.close()
    until(lambda: not found[0].lives())
    assert watch.ended(1001.0) == []
    assert watch.next(1001.0) == 1000 + SWEEP
    assert watch.ended(1000 + SWEEP) == [found[0]]


@pytest.mark.parametrize(("left", "next_one"), [(3599, 60), (61, 2), (60, 10), (5, 10), (0, float("inf"))])
def test_only_fish_is_told_of_each_minute_and_of_ten_seconds_in_the_last(left: int, next_one: float) -> None:
    shell = Shell(1, 1.0, "")
    hold = Hold(None, shell, "fish", "", 0, 1000.0 + left, 0, 0, 0, 0, {})  # type: ignore[arg-type]
    assert beat_of(hold, 1000.0) - 1000 == next_one
    assert beat_of(replace(hold, kind="zsh"), 1000.0) == float("inf")


def test_with_min_there_is_as_much_left_or_nothing_at_all(desk: Desk) -> None:
    desk.role("plain")
    words = ("exec", "plain", "--min", "45m", "--", "sh", "-c", 'echo "$AWS_ACCESS_KEY_ID"')
    with agency(desk) as agent:
        desk.aws.session_seconds_for = {"AssumeRole": 1800}
        short = dict(variables(agent.captured("use", "plain").stdout))
        refused = [agent.captured(*line, pid=None, **short) for line in (("use", "plain", "--min", "45m"), words)]
        assert [(each.returncode, each.stdout) for each in refused] == [(2, "")] * 2
        assert all("not 45m" in each.stderr for each in refused)
        desk.aws.session_seconds_for = {}
        long = variables(agent.captured("use", "plain", "--min", "45m", pid=None, **short).stdout)
        assert long["AWS_ACCESS_KEY_ID"] != short["AWS_ACCESS_KEY_ID"]
        assert agent.run(*words).stdout.strip() == long["AWS_ACCESS_KEY_ID"]
        never = agent.captured("use", "plain", "--min", "2h", pid=None, **long)
        assert (never.returncode, never.stdout) == (2, "")
        assert "can never be left" in never.stderr
        assert len(agent.agents()) == 1
