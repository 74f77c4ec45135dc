"""The door: finds the verb, reads the settings, turns errors into sentences and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from onefile import settings as settings_module
from onefile.cli import failure, home

VERBS: dict[str, tuple[str, str]] = {
    "doctor": ("onefile.cli.doctor", "what is missing on this machine or wrong in declarations"),
    "department": ("onefile.cli.department", "a department's public keys"),
    "deliver": ("onefile.cli.deliver", "make a delivery and put it into the inbox"),
    "run": ("onefile.cli.run", "take in everything that waits"),
    "receipt": ("onefile.cli.receipt", "show a receipt; prove and verify that a row is in it"),
    "quarantine": ("onefile.cli.quarantine", "rejected rows by department and reason"),
    "redrive": ("onefile.cli.redrive", "put corrected rows in"),
    "file": ("onefile.cli.file", "the one file of a subject"),
    "trace": ("onefile.cli.trace", "a value back to the record that it came from"),
    "quality": ("onefile.cli.quality", "figures of the last runs"),
    "ids": ("onefile.cli.ids", "check identifiers, lint lists of them"),
    "city": ("onefile.cli.city", "make a synthetic city"),
    "vault": ("onefile.cli.vault", "licences: issue, show, export, audit, publish, follow the log, keys"),
    "verify": ("onefile.cli.verify", "is a licence genuine, and in force on a day"),
    "catalog": ("onefile.cli.catalog", "the catalogue: list, show, search, diff, count what is shared"),
    "request": ("onefile.cli.request", "apply for a resource; approve, answer, dispute"),
    "grant": ("onefile.cli.grant", "what was granted: show, narrow, end, dispose of"),
    "items": ("onefile.cli.items", "service items of a portal, and whose they are"),
    "ledger": ("onefile.cli.ledger", "audit and show the record of looks"),
}

EXIT_CODES = """\b
Exit codes:
  0  done
  1  failed, with the reason
  2  wrong use
  3  genuine, but not in force or status unknown (verify)
  4  not genuine (verify)
  5  somebody else is at it"""


class Verbs(click.Group):
    """Loads a verb's module only when that verb is called, so that the others cost nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[name][0]).command
        for each in (command, *getattr(command, "commands", {}).values()):
            each.epilog = each.epilog or EXIT_CODES
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(name, about) for name, (_, about) in VERBS.items()])


@click.group(cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--at", metavar="INSTANT", help="The present instant, with offset, instead of the clock.")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of what is shown.")
@click.pass_context
def onefile(ctx: click.Context, at: str | None, lang: str | None) -> None:
    """One File (一档通): one file per person and enterprise, from what departments hand over."""
    ctx.obj = settings_module.read(at=at, lang=lang)
    if ctx.invoked_subcommand != "doctor":
        home.check(ctx.obj)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code. What it writes is its user's alone, whatever library writes it."""
    os.umask(0o077)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; errors of ours become a sentence on standard error."""
    try:
        code = onefile.main(args=list(arguments), prog_name="onefile", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        return failure.report(error)
    return code if isinstance(code, int) else 0
