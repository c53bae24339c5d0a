"""What a person types differently from shell to shell in the story, one row each."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WORDS", "Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """`reload` is a template over {start}, which starts such a shell, and {file}, its rc file; `export` over {name} and
    {value}. `ask` shows what `vault` is, and `own` stands in the answer when it is the hook's."""

    reload: str
    export: str
    ask: str
    own: str


_UNIX = Words(
    reload="exec {start}",
    export="export {name}={value}",
    ask="type vault | head -n 1",
    own="function",
)

WORDS = {
    "bash": _UNIX,
    "zsh": _UNIX,
    "fish": _UNIX,
    "powershell": Words(
        # It has no `exec`: another one inside would leave the first waiting.
        reload=". {file}",
        export="$env:{name} = '{value}'",
        ask="(Get-Command vault).CommandType",
        own="Alias",
    ),
}
