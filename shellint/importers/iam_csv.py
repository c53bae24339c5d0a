"""The CSV file that the IAM console offers once, when it has made a key."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from shellint.config_file import read_limited
from shellint.errors import ConfigError, UsageError
from shellint.importers.haul import Found, Haul, haul_of, judged
from shellint.origin import Origin, shown

__all__ = ["read_csv"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access-keys-admin-managed.html; the files of new users had more
# columns, among them the name, and files can be in every order that a spreadsheet leaves them in.
_ID, _SECRET, _USER = "accesskeyid", "secretaccesskey", "username"
_PASSWORDS = ("password", "consolepassword")
_FILE_OF_A_USER = re.compile(r"(.+)_accessKeys( ?\(\d+\))?\.csv")


def read_csv(path: Path, name: str | None = None) -> Haul:
    """Return the keys of the file, each under `name`, else its user's name, else the one in the name of the file.

    Raises ConfigError for another kind of file, UsageError when no name is to be had, or `name` is for several keys.
    """
    if not path.exists():
        raise ConfigError(f"there is no file {path}", "name the CSV file that the IAM console gave you")
    wrong = ConfigError(
        f"{path} is no CSV file of the IAM console: no columns `Access key ID` and `Secret access key`",
        "name the file as it was downloaded",
    )
    try:
        text = read_limited(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise wrong from None
    rows = csv.reader(text.splitlines())
    try:
        columns = {"".join(head.lower().split()): number for number, head in enumerate(next(rows, []))}
        lines = [(rows.line_num, [cell.strip() for cell in row]) for row in rows if any(row)]
    except csv.Error:
        raise wrong from None
    if not columns.keys() >= {_ID, _SECRET}:
        raise wrong
    if name is not None and len(lines) > 1:
        raise UsageError(f"{path} has {len(lines)} keys, which cannot all be called {name}", "leave the name away")
    from_file = _FILE_OF_A_USER.fullmatch(path.name)
    things: list[Found | str] = []
    for line, row in lines:
        cells = {column: row[number] if number < len(row) else "" for column, number in columns.items()}
        profile = name or cells.get(_USER) or (from_file[1] if from_file else "")
        if not profile:
            raise UsageError(
                f"{path} does not say whose key it has", f"say what to call it: vault import --from csv {path} PROFILE"
            )
        place = Origin(str(path), line)
        things.append(judged(profile, cells[_ID], cells[_SECRET], "", place))
        if any(map(cells.get, _PASSWORDS)):
            things.append(f"{place}: the console password of {shown(profile)} is left there")
    return haul_of(things)
