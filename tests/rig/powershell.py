"""PowerShell 7 as one more kind of shell for the rig: where it is found and what its basic words are."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.rig.kinds import Kind, as_bytes

__all__ = ["find_powershell", "powershell_kind"]

_BESIDE = Path(__file__).parents[3] / "shared" / "tools" / "pwsh" / "pwsh"


def find_powershell(env: Mapping[str, str]) -> str | None:
    """Return the path of PowerShell, None where there is none. $SHELLINT_TEST_PWSH, when set, is the only candidate."""
    if named := env.get("SHELLINT_TEST_PWSH"):
        return shutil.which(named)
    return shutil.which("pwsh", path=env.get("PATH")) or shutil.which(str(_BESIDE))


def powershell_kind(path: str) -> Kind:
    """Return the row of PowerShell at `path`, which has no fixed name to be started by."""
    return Kind(
        name="powershell",
        path=path,
        interactive=("-NoLogo",),
        script=("-NoLogo", "-NoProfile", "-File"),
        rc=".config/powershell/profile.ps1",
        prompts="function prompt {{ '{prompt}' }}\nSet-PSReadLineOption -PredictionSource None\n",
        output="$({command})",
        expands="",
        set_="[Environment]::SetEnvironmentVariable('{name}', {value})",
        unset="[Environment]::SetEnvironmentVariable('{name}', [NullString]::Value)",
        keep="$global:{name} = {value}",
        status="$LASTEXITCODE",
        statuses="$LASTEXITCODE",
        call="& {words}",
        quote=_code,
    )


def _code(value: bytes | str) -> str:
    """Write a value as an expression of digits alone: a way to quote that is not the product's."""
    units = memoryview(as_bytes(value).decode().encode("utf-16-le")).cast("H")
    return f"(-join [char[]]({','.join(map(str, units))}))" if units else "''"
