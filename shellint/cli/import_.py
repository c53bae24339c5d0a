"""The command that stores keys which lie elsewhere: import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from shellint.cli.options import Common, common, example
from shellint.errors import UsageError
from shellint.request import Reply, Request

if TYPE_CHECKING:
    from shellint.importers.haul import Haul

__all__ = ["import_command"]

# The keys, the profiles among them that are meant, and what to say of the place where they still lie.
_Read: TypeAlias = "tuple[Haul, tuple[str, ...], str]"


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
@click.option("--scrub", is_flag=True, help="Take the keys out of the AWS CLI's files once they are stored.")
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
    from shellint.importers.aws_credentials import key_files

    if scrub and source != "aws-credentials":
        raise UsageError("--scrub is for the AWS CLI's files alone", "delete what is no longer needed yourself")
    haul, profiles, hint = _READERS[source](request, words)
    reply = import_keys(
        request,
        haul,
        profiles,
        scrubbed=key_files(request.paths) if scrub else (),
        overwrite=overwrite,
        yes=options.yes,
        dry_run=dry_run,
    )
    return reply if scrub or dry_run or not (haul.keys and hint) else replace(reply, notes=(*reply.notes, hint))


def _from_files(request: Request, words: tuple[str, ...]) -> _Read:
    from shellint.importers.aws_credentials import key_files, read_keys
    from shellint.importers.haul import Haul

    haul = sum(map(read_keys, key_files(request.paths)), Haul())
    return haul, words, "they are still there in plain text: `vault import --scrub` takes them out"


def _from_csv(_: Request, words: tuple[str, ...]) -> _Read:
    from shellint.importers.iam_csv import read_csv

    if not 1 <= len(words) <= 2:
        raise UsageError("--from csv takes a file, and one name for its key", "vault import --from csv FILE [PROFILE]")
    return read_csv(Path(words[0]), *words[1:]), (), f"{words[0]} still has it in plain text: delete the file"


def _from_aws_vault(request: Request, words: tuple[str, ...]) -> _Read:
    from shellint.importers.aws_vault import read_aws_vault

    return read_aws_vault(request.env, request.human), words, ""


_READERS: Mapping[str, Callable[[Request, tuple[str, ...]], _Read]] = {
    "aws-credentials": _from_files,
    "csv": _from_csv,
    "aws-vault": _from_aws_vault,
}
