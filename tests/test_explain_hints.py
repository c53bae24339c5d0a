"""`vault explain`: what it says about what is written in a config and does not count, or not as one would think."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellint.paths import paths_from
from tests.explaining import explain, facts, furnish
from tests.planning import BASE, MFA, ONE, ROLE, with_mfa
from tests.rig.environment import environment
from tests.world import open_test_store

LONG = f"{with_mfa(ONE)}duration_seconds = 14400\n"


def lines(home: Path, *words: str, **env: str) -> list[str]:
    """Return the page without the blanks that align it."""
    return [" ".join(line.split()) for line in explain(home, *words, **env).out.splitlines()]


def test_a_misspelt_setting_is_told_with_its_line_and_what_was_meant(home: Path) -> None:
    furnish(home, f"{BASE}mfa_serail = {MFA}\nzzz = 1\n", "base")
    page = lines(home, "base")
    assert page[page.index("Not read") + 1 :][:2] == ["mfa_serail did you mean mfa_serial? line 4", "zzz line 5"]
    assert [each["meant"] for each in facts(home, "base")["unread"]] == ["mfa_serial", None]


def test_a_misspelt_setting_is_told_where_it_is_the_reason_of_a_failure(home: Path) -> None:
    furnish(home, f"[profile prod]\nrole_arn = {ROLE}\nsource_profil = base\n", "base")
    assert "source_profil did you mean source_profile? line 3" in lines(home, "prod")


def test_what_others_read_is_no_news(home: Path) -> None:
    furnish(home, f"{BASE}output = json\ncli_pager =\nretry_mode = standard\ns3 =\n  max_queue_size = 1\n", "base")
    assert "Not read" not in lines(home, "base")


@pytest.mark.parametrize("key", ["credential_process", "aws_access_key_id"])
def test_another_source_is_told_to_come_after_the_stored_key(home: Path, key: str) -> None:
    furnish(home, f"[profile base]\n{key} = /bin/key\n", "base")
    assert f"{key} /bin/key line 2 (not used: the stored key comes first)" in lines(home, "base")
    assert [each["unused"] for each in facts(home, "base")["settings"]] == ["the stored key comes first"]


def test_of_two_sources_the_one_that_is_not_used_is_told(home: Path) -> None:
    furnish(home, "[profile prod]\nlogin_session = arn:aws:iam::1:user/me\ncredential_process = /bin/key\n")
    page = lines(home, "prod")
    assert "credential_process /bin/key line 3" in page
    assert "login_session arn:aws:iam::1:user/me line 2 (not used: credential_process comes first)" in page


def test_a_source_of_a_role_that_starts_from_another_profile_is_told_to_be_in_vain(home: Path) -> None:
    furnish(home, f"{ONE}credential_process = /bin/key\n", "base")
    assert "credential_process /bin/key line 7 (not used: it all starts from base)" in lines(home, "prod")


def test_two_sections_of_one_name_are_told_with_their_lines(home: Path) -> None:
    furnish(home, f"{BASE}[profile other]\n[profile base]\noutput = json\n", "base")
    note = "base has more than one section (line 1 and line 5): they are read as one, in which the last value counts"
    assert facts(home, "base")["notes"] == [note]
    assert note in lines(home, "base")


def test_a_role_over_an_hour_takes_a_code_that_no_kept_session_of_the_device_saves(home: Path) -> None:
    furnish(home, LONG, "base")
    asks = f"- asks for a code from {MFA}: a code of its own, because it is to last longer than 1h"
    assert asks in lines(home, "prod")
    open_test_store(paths_from(environment(home)).store).put("session", "of today", b"{}", expires=2**32)
    assert f"{asks}, unless the session of this very role is still kept" in lines(home, "prod")


def test_an_endpoint_that_was_set_is_told_under_endpoints_and_is_no_note(home: Path) -> None:
    furnish(home, BASE, "base")
    page = lines(home, "base", AWS_ENDPOINT_URL_STS="http://127.0.0.1:1")
    assert "STS at http://127.0.0.1:1 AWS_ENDPOINT_URL_STS" in page
    assert "Notes" not in page


@pytest.mark.parametrize("key", ["credential_process", "mfa_process", "web_identity_token_process"])
@pytest.mark.parametrize("broken", [False, True])
def test_what_stands_behind_a_programs_name_is_not_shown(home: Path, key: str, *, broken: bool) -> None:
    more = "duration_seconds = soon\n" if broken else ""
    furnish(home, f"[profile prod]\n{key} = /bin/helper --password hunter2\nrole_arn = {ROLE}\n{more}", "prod")
    for words in ((), ("--json",)):
        said = explain(home, "prod", *words).out
        assert "/bin/helper" in said
        assert "hunter2" not in said
