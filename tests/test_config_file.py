"""The reader of the AWS config file, against botocore's own and where it does better."""

from __future__ import annotations

import string
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.configloader import load_config
from hypothesis import given
from hypothesis import strategies as st

from shellint.config_file import (
    ConfigFile,
    Section,
    credentials_sections,
    parse_config,
    profile_names,
    read_config,
)
from shellint.errors import ConfigError

PATH = Path("/home/me/.aws/config")

# Files that botocore reads, each with one rule of the format.
AGREED = {
    "empty": "",
    "default and profile": "[default]\nregion = a\n[profile b]\nregion = c\n",
    "prefixed default last": "[default]\nregion = a\noutput = x\n[profile default]\nregion = b\n",
    "plain default last": "[profile default]\nregion = b\noutput = x\n[default]\nregion = a\n",
    "double quotes": '[profile "my prod"]\nregion = a\n',
    "single quotes": "[profile 'my prod']\nregion = a\n",
    "escaped quote": '[profile "a\\"b"]\nregion = a\n',
    "backslash": "[profile a\\b]\nregion = a\n",
    "bracket in quotes": '[profile "a]b"]\nregion = a\n',
    "bracket": "[profile a]b]\nregion = a\n",
    "hash in a name": "[profile a#b]\nregion = a\n",
    "tab and blanks": "[profile\tx  ]\nregion = a\n[profile   y]\nregion = b\n",
    "indented header": "  [profile x]\n  region = a\n",
    "after the header": "[profile x] ; why\nregion = a\n[profile z] junk\nregion = c\n",
    "indented settings": "[profile x]\n    region = a\n    output = b\n",
    "full-line comments": "# a\n; b\n[profile x]\n  # c\n  ; d\nregion = a\n  # e\n\noutput = b\n",
    "upper-case keys": "[profile x]\nREGION = a\nRole_ARN = b\n",
    "colon": "[profile x]\nregion : a\nendpoint_url = http://h:1/\nmfa_serial: arn:aws:iam::1:mfa/x\n",
    "equals in a value": "[profile x]\nsession_tags = a=b,c=d\n",
    "hash without a blank": "[profile x]\nsso_start_url = https://x/start#/\noutput=#x\n",
    "quotes and percent are kept": '[profile x]\nregion = "a"\noutput = %(region)s\n',
    "empty values": "[profile x]\nregion =\noutput = \n[profile y]\nregion =\n",
    "blank in a key": "[profile x]\nmy key = a\n",
    "nested": "[profile x]\ns3 =\n  max = 1\n\n  # c\n  addressing_style = path\nregion = a\n",
    "nested deep": "[profile x]\n  s3 =\n      a = b=c\n      d =\n  region = a\n",
    "services": "[services s]\nsts =\n  endpoint_url = http://127.0.0.1:1\niam =\n  endpoint_url = http://127.0.0.1:2\n",
    "sso-session": '[sso-session "a b"]\nsso_region = a\n[sso-session c]\nsso_region = b\n',
    "other sections": "[preview]\na = b\n[Profile x]\na = b\n[profilex]\na = b\n[foo bar]\na = b\n[profile y]\na = b\n",
    "no name": "[profile ]\na = b\n[profile]\nc = d\n",
    "crlf": "[profile x]\r\nregion = a\r\n\r\n; c\r\noutput = b\r\n",
    "cr": "[profile x]\rregion = a\r",
    "no line end": "[profile x]\nregion = a",
    "utf-8": "[profile é]\nregion = ü\n",
    "odd line breaks stay in the value": "[profile x]\nregion = a\x0cb\u2028c\x0bd\x85e\n",
}

REFUSED = {
    "a setting first": ("region = a\n[profile x]\n", 1),
    "no equals": ("[profile x]\nregion = a\n\njunk\n", 4),
    "no key": ("[profile x]\n= a\n", 2),
    "open header": ("# c\n[profile x\nregion = a\n", 2),
    "empty header": ("[profile x]\n[]\n", 2),
    "nested without equals": ("[profile x]\ns3 =\n  a = b\n  junk\n", 4),
}


def botocore_reads(data: bytes, tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "config"
    file.write_bytes(data)
    loaded: dict[str, Any] = load_config(str(file))
    return {kind: loaded[kind] for kind in ("profiles", "services", "sso_sessions")}


def values(section: Section) -> dict[str, Any]:
    plain = {key: value for key, (value, _) in section.settings.items()}
    return plain | {key: {name: value for name, (value, _) in inner.items()} for key, inner in section.nested.items()}


def we_read(config: ConfigFile) -> dict[str, Any]:
    kinds = {"profiles": config.profiles, "services": config.services, "sso_sessions": config.sso_sessions}
    return {kind: {name: values(section) for name, section in sections.items()} for kind, sections in kinds.items()}


@pytest.mark.parametrize("rule", AGREED)
def test_reads_what_botocore_reads(rule: str, tmp_path: Path) -> None:
    data = AGREED[rule].encode()
    ours, theirs = we_read(parse_config(data, PATH)), botocore_reads(data, tmp_path)
    assert ours == theirs
    assert list(ours["profiles"]) == list(theirs["profiles"])


NAMES = st.text(string.ascii_letters + string.digits + " .+@:/#;'\"\\]-_é", min_size=1, max_size=8)
KEYS = st.text(string.ascii_letters + "_", min_size=1, max_size=4)
VALUES = st.text(string.ascii_letters + string.digits + "=:/#;'\"%$\\[]. ", max_size=8)
SPACES = st.sampled_from(["", " ", "\t", "  "])
LINES = st.one_of(
    NAMES.map(lambda name: f"[profile {name}]"),
    st.sampled_from(["", "   ", "[default]", "[profile default]", "# note", "; note", "[other x]"]),
    st.tuples(SPACES, KEYS, SPACES, st.sampled_from("=:"), SPACES, VALUES).map("".join),
)


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_reads_like_botocore_whatever_the_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], newline: str
) -> None:
    """Where botocore finds a profile, so do we, with the same values; but for comments, which it takes for values."""
    lines = [
        line for line in lines if " #" not in line and " ;" not in line and "\t#" not in line and "\t;" not in line
    ]
    data = newline.join(["[profile first]", *lines]).encode()
    try:
        theirs = botocore_reads(data, tmp_path_factory.getbasetemp())["profiles"]
    except Exception as refused:
        if type(refused).__name__ != "ConfigParseError":
            raise
        return  # also for what is written twice, which we merge
    ours = we_read(parse_config(data, PATH))["profiles"]
    flat = {name: {key: _as_ours(value) for key, value in settings.items()} for name, settings in theirs.items()}
    assert {name: ours[name] for name in flat} == flat


def _as_ours(value: Any) -> Any:
    """Without the empty lines that botocore keeps inside a value, and with nested keys in lower case too."""
    if isinstance(value, dict):
        return {key.lower(): inner for key, inner in value.items()}
    return "\n".join(line for line in value.split("\n") if line)


@pytest.mark.parametrize("fault", REFUSED)
def test_names_the_line_of_what_it_cannot_read(fault: str, tmp_path: Path) -> None:
    text, line = REFUSED[fault]
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), PATH)
    assert caught.value.what.startswith(f"{PATH} line {line}: ")
    assert "\n" not in caught.value.what + caught.value.todo
    with pytest.raises(Exception, match="Unable to parse"):
        botocore_reads(text.encode(), tmp_path)


def test_names_the_line_of_bytes_that_are_not_utf8() -> None:
    with pytest.raises(ConfigError, match=r"config line 3: not UTF-8"):
        parse_config(b"[profile x]\nregion = a\noutput = \xff\n", PATH)


def test_an_error_never_repeats_the_line_since_a_secret_may_be_on_it() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(b"[profile x]\naws_secret_access_key wJalrXUtnFEMI\n", PATH)
    assert "wJalr" not in caught.value.what + caught.value.todo


def test_comments_after_a_value_need_a_blank_before_them() -> None:
    text = "[profile x]\na = b # c\nd = e ; f\ng = h#i\nj = k;l\nm =  # n\no = p\t# q # r\n"
    assert values(parse_config(text.encode(), PATH).profiles["x"]) == {
        "a": "b",
        "d": "e",
        "g": "h#i",
        "j": "k;l",
        "m": "",
        "o": "p",
    }


def test_what_is_written_twice_is_merged_and_the_later_value_wins() -> None:
    text = "[profile x]\na = 1\nb = 2\n[profile y]\nc = 3\n[profile x]\nb = 4\nB = 5\n[profile 'x']\nd = 6\n"
    config = parse_config(text.encode(), PATH)
    assert values(config.profiles["x"]) == {"a": "1", "b": "5", "d": "6"}
    assert profile_names(config) == ["x", "y"]


def test_a_later_plain_value_replaces_a_nested_one() -> None:
    section = parse_config(b"[profile x]\ns3 =\n  a = b\ns3 = c\n", PATH).profiles["x"]
    assert values(section) == {"s3": "c"}


def test_names_with_blanks_need_no_quotes() -> None:
    config = parse_config(b"[profile my prod]\na = b\n[ profile it's mine ] # not [hers]\na = b\n", PATH)
    assert profile_names(config) == ["my prod", "it's mine"]


def test_a_byte_order_mark_is_skipped() -> None:
    assert profile_names(parse_config(b"\xef\xbb\xbf[profile x]\na = b\n", PATH)) == ["x"]


def test_knows_the_line_of_every_setting() -> None:
    text = "# c\r\n[profile x]\r\nregion = a\r\n\r\n[services s]\r\nsts =\r\n  # c\r\n  endpoint_url = u\r\n"
    config = parse_config(text.encode(), PATH)
    assert config.profiles["x"].line == 2
    assert config.profiles["x"].settings["region"] == ("a", 3)
    assert config.services["s"].nested["sts"]["endpoint_url"] == ("u", 8)
    assert str(config.origin(8)) == f"{PATH} line 8"


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    assert profile_names(read_config(tmp_path / "none" / "config")) == []


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_config(tmp_path)


def test_the_names_in_a_credentials_file_are_found_whatever_else_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_bytes(b"[default]\naws_access_key_id = x\njunk \xff\n [my prod] # c\n[open\n")
    assert credentials_sections(file) == ["default", "my prod"]
    assert credentials_sections(tmp_path / "none") == []


def test_ten_thousand_profiles_are_read_several_times_faster_than_botocore_does(tmp_path: Path) -> None:
    profile = (
        "[profile team-{0}]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/R\nsource_profile = b\n\n"
    )
    data = "".join(profile.format(number) for number in range(10_000)).encode()

    def took(work: Any) -> float:
        start = time.process_time()
        assert len(work()["profiles"]) == 10_000
        return time.process_time() - start

    ours = min(took(lambda: {"profiles": parse_config(data, PATH).profiles}) for _ in range(3))
    theirs = took(lambda: botocore_reads(data, tmp_path))
    assert ours * 2.5 < theirs, f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms"
