"""The command explain: what `use` would do, for people as a page and for programs as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from shellint.cli.options import Common, common, example, make_wish, wish_options
from shellint.origin import program_of, shortened
from shellint.request import Reply, Request
from shellint.terminal import printable

if TYPE_CHECKING:
    from shellint.actions.explain import Explanation
    from shellint.endpoint import Endpoint
    from shellint.origin import Origin

__all__ = ["explain_command"]

_SERVICES = {"sts": "STS", "sso": "the Identity Center portal", "sso_oidc": "Identity Center sign-in"}
# A pipe has no edge, and nothing that comes out of it may depend on where it is looked at.
_NO_EDGE = 100_000

_Row = tuple[str, ...]


@click.command(
    "explain", epilog=example("vault explain prod", "vault explain prod --duration 4h", "vault explain prod --json")
)
@click.argument("profile")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@wish_options
@common
def explain_command(
    request: Request,
    _: Common,
    *,
    profile: str,
    as_json: bool,
    mfa_token: str | None,
    force: bool,
    **wishes: str | None,
) -> Reply:
    """Explain what `use` would do for PROFILE, step by step; nothing is asked, opened or run."""
    from shellint.actions.explain import explain

    explanation = explain(request, make_wish(profile, **wishes), force=force, mfa_token=mfa_token is not None)
    if as_json:
        out = json.dumps(_facts(explanation)) + "\n"
    else:
        out = _page(explanation, terminal=os.isatty(1), colour=not request.env.get("NO_COLOR"))
    return Reply(out=out, error=explanation.error)


def _sections(explained: Explanation) -> Iterator[tuple[str, list[_Row]]]:
    """Yield the parts of the page: a heading, and rows of what, value and place."""
    if plan := explained.plan:
        yield "Steps", list(_steps(explained))
        none = ("none: no region will be set", "")
        region = (plan.region, explained.place(explained.region)) if plan.region and explained.region else none
        yield "Region", [("", *region)]
        yield (
            "Endpoints",
            [("", _asked(*each), explained.place(each[2]) if each[2] else "") for each in explained.endpoints],
        )
        yield "Runs", [(name, command, "") for name, command in explained.commands]
    yield "Notes", [("", note, "") for note in explained.notes]
    yield "Not read", [(each.name, _meant(each.meant), explained.place(each.origin)) for each in explained.unread]
    for profile in dict.fromkeys(each.profile for each in explained.settings):
        yield f"Settings of {profile}", list(_settings(explained, profile))


def _steps(explained: Explanation) -> Iterator[_Row]:
    for number, each in enumerate(explained.steps, 1):
        yield str(number), each.words, each.lasts or ""
        yield from (("", f"- {remark}", "") for remark in each.remarks)


def _settings(explained: Explanation, profile: str) -> Iterator[_Row]:
    for each in explained.settings:
        if each.profile == profile:
            unused = f" (not used: {each.unused})" if each.unused else ""
            yield each.name, shortened(each.value), explained.place(each.origin) + unused
            yield from (("", f"not {shortened(value)}", explained.place(origin)) for value, origin in each.overridden)


def _meant(name: str | None) -> str:
    return f"did you mean {name}?" if name else ""


def _asked(service: str, endpoint: Endpoint, _: Origin | None) -> str:
    extras = {
        "FIPS": endpoint.use_fips,
        "dual-stack": endpoint.use_dualstack,
        f"trusting {endpoint.ca_bundle}": endpoint.ca_bundle,
    }
    return ", ".join((f"{_SERVICES[service]} {_where(endpoint)}", *(words for words, said in extras.items() if said)))


def _where(endpoint: Endpoint) -> str:
    return f"at {endpoint.url}" if endpoint.url else f"in {endpoint.region}"


def _page(explained: Explanation, *, terminal: bool, colour: bool) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        force_terminal=None if terminal else False,
        no_color=not colour,
        highlight=False,
        width=None if terminal else _NO_EDGE,
    )
    with console.capture() as captured:
        console.print(Text.assemble((printable(explained.profile), "bold"), f", by {printable(str(explained.config))}"))
        for heading, rows in _sections(explained):
            if not rows:
                continue
            table = Table.grid(padding=(0, 2))
            table.add_column(no_wrap=True)
            table.add_column(overflow="fold")
            table.add_column(overflow="fold", style="cyan")
            for row in rows:
                table.add_row(*(Text(printable(cell)) for cell in row))
            console.print(Text(f"\n{printable(heading)}", "bold"))
            console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _without_words(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    commands = {"command", "mfa_process", "process"}
    return {name: program_of(value) if value and name in commands else value for name, value in fields}


def _facts(explained: Explanation) -> Mapping[str, Any]:
    plan, error = explained.plan, explained.error
    return {
        "profile": explained.profile,
        "config": str(explained.config),
        "region": plan.region if plan else None,
        "region_origin": _origin(explained.region),
        "steps": [
            {"step": type(each.step).__name__, **asdict(each.step, dict_factory=_without_words)}
            | {"words": each.words, "lasts": each.lasts, "remarks": each.remarks}
            for each in explained.steps
        ],
        "commands": [{"setting": name, "command": command} for name, command in explained.commands],
        "endpoints": [
            {"service": service, **asdict(endpoint), "origin": _origin(origin)}
            for service, endpoint, origin in explained.endpoints
        ],
        "notes": explained.notes,
        "unread": [
            {"name": each.name, "origin": _origin(each.origin), "meant": each.meant} for each in explained.unread
        ],
        "settings": [
            {"profile": each.profile, "name": each.name, "value": shortened(each.value), "origin": _origin(each.origin)}
            | {
                "unused": each.unused or None,
                "overridden": [{"value": shortened(value), "origin": _origin(at)} for value, at in each.overridden],
            }
            for each in explained.settings
        ],
        "error": {"what": error.what, "todo": error.todo, "code": error.exit_code} if error else None,
    }


def _origin(origin: Origin | None) -> Mapping[str, Any] | None:
    return asdict(origin) if origin else None
