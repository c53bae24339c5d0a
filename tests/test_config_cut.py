"""Taking profiles out of the config file again, and changing it as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.config_edit import edit_config, profile_section, with_sections, without_profiles
from shellint.config_file import parse_config
from shellint.errors import ConfigError

PATH = Path("config")
OURS = profile_section(PATH, "ours", {"region": "eu-west-1", "output": "json"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OURS}", ""),
        (f"# top\n{OURS}", "# top\n"),
        (f"[profile a]\n\n{OURS}", "[profile a]\n"),
        (f"[profile a]\n\n{OURS}\n[profile b]\n", "[profile a]\n\n[profile b]\n"),
        (f"[profile a]\n{OURS}[profile b]\n", "[profile a]\n[profile b]\n"),
        (f"[profile a]\n\n{OURS}[profile b]\n", "[profile a]\n\n[profile b]\n"),
        (f"{OURS}# about b\n[profile b]\n", "# about b\n[profile b]\n"),
        (f"{OURS}\n\n# the end\n", "\n\n# the end\n"),
        ("[profile ours]\n# mine\nregion = x\n; last\n", "# mine\n; last\n"),
        ("[profile ours] # why\nregion = x # because\n[a]\n", "[a]\n"),
        ("[profile ours]", ""),
        ("[profile 'ours']\r\ns3 =\r\n  a = b\r\n\r\n[b]\r\n", "\r\n[b]\r\n"),
    ],
)
def test_a_profile_goes_with_what_is_in_it_and_comments_stay(before: str, after: str) -> None:
    assert without_profiles(before.encode(), ["ours"], PATH).decode() == after


@pytest.mark.parametrize(
    "before",
    [
        f"{OURS}[profile ours]\na = b\n",
        f"[profile 'ours']\n{OURS}",
        "[profile a]\nkey = value\n[profile ours]\nregion = x\n  [more\nb = c\n",
    ],
)
def test_what_cannot_be_taken_out_without_a_change_elsewhere_is_left(before: str) -> None:
    with pytest.raises(ConfigError, match="without changing others") as caught:
        without_profiles(before.encode(), ["ours"], PATH)
    assert caught.value.todo == "take them out by hand: ours"


names = st.sampled_from(["a", "b", "ours", "two words", "default"])
bodies = st.lists(
    st.sampled_from(["k = v", "s3 =\n  a = b", "# c", "  ; c", "", "long = a\n  b", "region = x # why"]), max_size=4
)
headers = st.one_of(
    st.builds("[profile '{}']".format, names), st.sampled_from(["[sso-session s]", "[default]", "[x]", "[services y]"])
)
files = st.lists(st.builds(lambda header, body: "\n".join([header, *body]), headers, bodies), max_size=6)


@given(files, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_what_is_put_into_any_file_comes_out_again_byte_for_byte(sections: list[str], end: str, final: bool) -> None:
    text = "\n".join(sections) + ("\n" if final else "")
    before = text.replace("\n", end).encode()
    put = [profile_section(PATH, name, {"region": "eu-west-1"}) for name in ("new-1", "new-2")]
    after = with_sections(before, put)
    assert after.startswith(before)
    back = without_profiles(after, ["new-2", "new-1"], PATH)
    ends = before.endswith((b"\n", b"\r")) or not before
    assert back == before + (b"" if ends else next((e for e in (b"\r\n", b"\n", b"\r") if e in before), b"\n"))


@given(files, names)
def test_taking_a_profile_out_changes_no_other_or_is_refused(sections: list[str], name: str) -> None:
    before = "\n".join(sections).encode()
    config = parse_config(before, PATH)
    if name not in config.profiles:
        return
    try:
        after = parse_config(without_profiles(before, [name], PATH), PATH)
    except ConfigError:
        return
    assert after.profiles.keys() == config.profiles.keys() - {name}
    assert after.sso_sessions.keys() == config.sso_sessions.keys()


def test_nothing_is_written_when_nothing_changes(tmp_path: Path) -> None:
    file = tmp_path / "config"
    assert not edit_config(file, lambda before: before, keep_former=True)
    assert not file.exists()
    file.write_text("[default]\n")
    before = file.stat()
    assert not edit_config(file, lambda before: before, keep_former=True)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert not file.with_name("config.before-shellint").exists()


def test_a_failure_while_it_is_made_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("[default]\n")

    def edit(_: bytes) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        edit_config(file, edit, keep_former=True)
    assert file.read_text() == "[default]\n"
    assert {each.name for each in tmp_path.iterdir()} <= {"config", ".config.lock"}


def test_a_file_that_was_made_has_no_former(tmp_path: Path) -> None:
    file = tmp_path / "config"
    assert edit_config(file, lambda before: before + b"[default]\n", keep_former=True)
    assert not file.with_name("config.before-shellint").exists()


def test_the_null_device_is_no_file_to_write() -> None:
    with pytest.raises(ConfigError, match="it is not a file"):
        edit_config(Path("/dev/null"), lambda before: before + b"[default]\n")
    assert Path("/dev/null").is_char_device()
