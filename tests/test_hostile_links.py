"""A config whose profiles lead round in circles, too deep, or to too much: one clear line, at a cost in proportion."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from shellint.config_file import parse_config
from shellint.errors import ConfigError
from shellint.layers import nearest
from shellint.profiles import links
from tests.explaining import clear, furnish, told
from tests.planning import PATH, failure, profile_of

LOOPS = {
    "source_profile": "[profile prod]\nsource_profile = a\n[profile a]\nsource_profile = prod\n",
    "include_profile": "[profile prod]\ninclude_profile = a\n[profile a]\ninclude_profile = prod\n",
    "include_profile of itself": "[profile prod]\ninclude_profile = prod\n",
    "include_profile of default": "[profile prod]\n[default]\ninclude_profile=b\n[profile b]\ninclude_profile=default",
    "a source that is included": (
        "[profile prod]\ninclude_profile = a\n[profile a]\nsource_profile = b\n[profile b]\ninclude_profile = c\n"
        "[profile c]\nsource_profile = prod\n"
    ),
    "an include on the way": "[profile prod]\nsource_profile = a\n[profile a]\ninclude_profile = a\n",
}


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_of_any_kind_is_drawn_in_one_line(home: Path, kind: str) -> None:
    file = furnish(home, LOOPS[kind], "base")
    page, error = told(home, "prod")
    assert error
    assert "goes round in a circle: " in error.what
    assert error.what.replace(str(file), str(PATH)) == failure(LOOPS[kind]).what
    assert page == "" or "Settings of prod" in page


@pytest.mark.parametrize(
    "text",
    [
        "[profile prod]\nsource_profile = prod\n",
        "[profile prod]\ninclude_profile = a\n[profile a]\nsource_profile = prod\n",
        "[profile prod]\nservices = prod\n[services prod]\nservices = prod\nsts =\n  services = prod\n",
        "[profile prod]\ninclude_profile = a\n[profile a]\nservices = a\n[services a]\nsts =\n  services = a\n",
    ],
)
def test_what_only_looks_like_a_loop_comes_to_an_end(text: str) -> None:
    assert profile_of(text).source is None


def test_a_session_that_names_itself_leads_nowhere() -> None:
    text = "[profile prod]\nsso_session = prod\n[sso-session prod]\nsso_session = prod\nsource_profile = prod\n"
    assert "[sso-session prod] has no sso_start_url" in failure(text).what


DEEP = "".join(f"[profile p{i}]\n{{0}} = p{i + 1}\n" for i in range(1000)) + "[profile p1000]\n"


@pytest.mark.parametrize("key", ["source_profile", "include_profile"])
def test_a_chain_a_thousand_deep_is_refused_in_one_line(home: Path, key: str) -> None:
    text = DEEP.replace("{0}", key)
    assert f"{key} leads on through more than 100 profiles" in clear(failure(text, "p0"))
    furnish(home, text, "base")
    page, error = told(home, "p0")
    assert error
    assert page.count("Settings of") == (101 if key == "source_profile" else 0)


def test_a_loop_through_ninety_profiles_is_drawn_short() -> None:
    links = "".join(f"[profile {'x' * 900}{i}]\nsource_profile = {'x' * 900}{(i + 1) % 90}\n" for i in range(90))
    assert "… (84 more)" in clear(failure(links, f"{'x' * 900}0"))


# Work: four times as much may take some six times as long, not sixteen

SIZES = (200_000, 800_000)
TEXTS: Mapping[str, Callable[[int], str]] = {
    "settings": lambda size: "[profile p]\n" + "a = b\n" * (size // 6),
    "sections": lambda size: "".join(f"[profile p{i}]\nregion = eu-west-1\n" for i in range(size // 35)),
    "one value on many lines": lambda size: "[profile p]\na = b\n" + " c\n" * (size // 3),
    "nested": lambda size: "[profile p]\na =\n" + " c = d\n" * (size // 7),
    "open header": lambda size: "[" + "a" * size,
    "blanks in a header": lambda size: "[profile p" + " " * size + "p",
    "brackets": lambda size: "[profile p" + "] " * (size // 2) + "p",
    "blanks behind brackets": lambda size: "[profile p" + ("]" + " " * 1000) * (size // 1000) + "p]",
    "comments": lambda size: "[profile p]\na = " + " #" * (size // 2),
    "quotes": lambda size: "".join(f"[profile 'p{i}' \"]\n" for i in range(size // 18)),
}


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()  # what a collection costs depends on all that the other tests have left
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()


def _grows(work: Callable[[int], object], *sizes: int) -> float:
    """Return how much more CPU the larger of two sizes takes, at best: taken in turn, so that a load meets both."""
    rounds = [[_seconds(partial(work, size)) for size in sizes] for _ in range(5)]
    small, large = (min(each[at] for each in rounds) for at in (0, 1))
    return large / max(small, 0.002)


@pytest.mark.parametrize("kind", TEXTS)
def test_reading_takes_time_in_proportion_to_the_file(kind: str) -> None:
    def read(size: int) -> None:
        try:
            parse_config(data[size], PATH)
        except ConfigError as error:
            clear(error)

    data = {size: TEXTS[kind](size).encode() for size in SIZES}
    assert _grows(read, *SIZES) < 11, "16 would be the square"


def test_a_hundred_thousand_lines_are_resolved_at_the_cost_of_those_that_matter() -> None:
    """A profile with nearly all the links it may have, each of which ends in a section of a hundred thousand lines."""
    included = "".join(f"[profile i{i}]\ninclude_profile = i{i + 1}\n" for i in range(90))
    chain = "".join(f"[profile s{i}]\nsource_profile = s{i + 1}\ninclude_profile = i0\n" for i in range(90))
    config = parse_config(f"{included}[profile i90]\n{chain}[profile s90]\n".encode(), PATH)

    def walk(lines: int) -> None:
        config.profiles["i90"].settings.update({f"k{i}": ("v", i) for i in range(lines)})
        assert len(list(links("s0", config, {}))) == 91

    assert _grows(walk, 1000, 100_000) < 4


def test_a_suggestion_is_not_looked_for_in_what_nobody_would_type() -> None:
    names = ["ab" * 5000 + str(number) for number in range(1000)]
    assert nearest("ab" * 5000, names) is None
    assert nearest("prdo", [*map(str, range(20_000)), "prod"]) is None
    assert nearest("prdo", ["prod", *map(str, range(20_000))]) == "prod"
