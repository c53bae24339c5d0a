"""The command that stores keys which lie elsewhere: import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shellint.cli.options import Common, common, example
from shellint.errors import UsageError
from shellint.request import Reply, Request

if TYPE_CHECKING:
    from shellint.importers.aws_credentials import KeyFile
    from shellint.importers.haul import Haul

__all__ = ["import_command"]


@dataclass(frozen=True, slots=True)
class _Read:
    """The keys, the profiles among them that are meant (all when empty), and what to say of where they still lie.

    `--scrub` takes them out of `files`, or deletes the file that is `spent`.
    """

    haul: Haul
    profiles: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    files: tuple[KeyFile, ...] = ()
    spent: Path | None = None


@click.command(
    "import",
    epilog=example(
        "vault import --dry-run",
        "vault import --scrub                # from ~/.aws, and out of the files there",
        "vault import dev prod",
        "vault import --from csv alice_accessKeys.csv alice",
        "vault import --from aws-vault",
    ),
    options_metavar="[OPTIONS] [CSV FILE]",
)
@click.argument("words", metavar="[PROFILE]...", nargs=-1)
@click.option(
    "--from",
    "source",
    type=click.Choice(["aws-credentials", "csv", "aws-vault"]),
    default="aws-credentials",
    show_default=True,
    help="What to read: the AWS CLI's files, a CSV file of the IAM console, aws-vault's keyrings.",
)
@click.option("--scrub", is_flag=True, help="Take what is stored out of the AWS CLI's files, or delete the CSV file.")
@click.option("--overwrite", is_flag=True, help="Replace other keys that are stored under the same names.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@common
def import_command(
    request: Request,
    options: Common,
    *,
    words: tuple[str, ...],
    source: str,
    scrub: bool,
    overwrite: bool,
    dry_run: bool,
) -> Reply:
    """Store the long-term keys of the PROFILEs, or all there are, from where they lie already."""
    from shellint.actions.import_keys import import_keys

    if scrub and source == "aws-vault":
        raise UsageError("--scrub is not for aws-vault's keyrings", "take a key out yourself: aws-vault remove PROFILE")
    read = _READERS[source](request, words)
    reply = import_keys(
        request,
        read.haul,
        read.profiles,
        scrubbed=read.files if scrub else (),
        spent=read.spent if scrub else None,
        overwrite=overwrite,
        yes=options.yes,
        dry_run=dry_run,
    )
    return reply if scrub and not dry_run else replace(reply, notes=(*reply.notes, *read.hints))


def _from_files(request: Request, words: tuple[str, ...]) -> _Read:
    from shellint.importers.aws_credentials import key_files, read_keys
    from shellint.importers.haul import Haul
    from shellint.importers.scrub import backups_of

    files = key_files(request.paths)
    haul = sum(map(read_keys, files), Haul())
    hints = [
        f"{backup} still has keys in plain text: `vault import --scrub` offers to delete it"
        for file in files
        for backup, _ in backups_of(file)
    ]
    if haul.keys:
        hints.insert(0, "they are still there in plain text: `vault import --scrub` takes them out")
    return _Read(haul, words, tuple(hints), files)


def _from_csv(_: Request, words: tuple[str, ...]) -> _Read:
    from shellint.importers.iam_csv import read_csv

    if not 1 <= len(words) <= 2:
        raise UsageError("--from csv takes a file, and one name for its key", "vault import --from csv FILE [PROFILE]")
    file = Path(words[0])
    haul = read_csv(file, *words[1:])
    hint = f"{file} still has it in plain text: delete the file, or let --scrub do it"
    return _Read(haul, hints=(hint,) if haul.keys else (), spent=file)


def _from_aws_vault(request: Request, words: tuple[str, ...]) -> _Read:
    from shellint.importers.aws_vault import read_aws_vault

    return _Read(read_aws_vault(request.env, request.human), words)


_READERS: Mapping[str, Callable[[Request, tuple[str, ...]], _Read]] = {
    "aws-credentials": _from_files,
    "csv": _from_csv,
    "aws-vault": _from_aws_vault,
}
