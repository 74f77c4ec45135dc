"""The door: finds the verb, reads the settings, turns errors into sentences and exit codes."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import click

from onefile import settings as settings_module
from onefile.cli import failure, home

VERBS: dict[str, tuple[str, str]] = {
    "doctor": ("onefile.cli.doctor", "what is missing on this machine or wrong in declarations"),
    "department": ("onefile.cli.department", "a department's public keys"),
    "deliver": ("onefile.cli.deliver", "make a delivery and put it into the inbox"),
    "pull": ("onefile.cli.pull", "fetch what declared databases, services and folders have into the inbox"),
    "run": ("onefile.cli.run", "take in everything that waits"),
    "rebuild": ("onefile.cli.rebuild", "everything anew from what was delivered"),
    "plan": ("onefile.cli.planning", "what a changed declaration would change"),
    "receipt": ("onefile.cli.receipt", "show a receipt; prove and verify that a row is in it"),
    "quarantine": ("onefile.cli.quarantine", "rejected rows by department and reason"),
    "redrive": ("onefile.cli.redrive", "put corrected rows in"),
    "file": ("onefile.cli.file", "the one file of a subject"),
    "trace": ("onefile.cli.trace", "a value back to the record that it came from"),
    "quality": ("onefile.cli.quality", "figures of the last runs"),
    "lake": ("onefile.cli.lake", "whether what must always hold of the lake holds"),
    "backup": ("onefile.cli.backup", "what the home holds, as of one moment, into a folder"),
    "restore": ("onefile.cli.restore", "a backup back into an empty home"),
    "database": ("onefile.cli.database", "the serving database moved to another engine or place"),
    "upgrade": ("onefile.cli.upgrade", "data of the last release moved on to this one"),
    "ids": ("onefile.cli.ids", "check identifiers, lint lists of them"),
    "resource": ("onefile.cli.resource", "connect a department: draft a declaration, try a file against one"),
    "city": ("onefile.cli.city", "make a synthetic city, score a home that took one in"),
    "vault": ("onefile.cli.vault", "licences: issue, show, export, audit, publish, follow the log, keys"),
    "verify": ("onefile.cli.verify", "is a licence genuine, and in force on a day"),
    "catalog": ("onefile.cli.catalog", "the catalogue: list, show, search, diff, count what is shared"),
    "request": ("onefile.cli.request", "apply for a resource; approve, answer, dispute"),
    "grant": ("onefile.cli.grant", "what was granted: show, narrow, end, dispose of"),
    "share": ("onefile.cli.share", "granted tables in bulk for one recipient: create, list, revoke, profile file"),
    "verification": ("onefile.cli.verification", "contradictions, verified with the lead of the attribute"),
    "objection": ("onefile.cli.objection", "a subject says that a value is wrong; the lead answers, on a clock"),
    "notice": ("onefile.cli.notice", "consumers are told what does not hold any more of what they got"),
    "open": ("onefile.cli.open", "open data: CSV and Parquet of open resources, checked before each publication"),
    "event": ("onefile.cli.event", "departments follow what changes under their grants: subscriptions and the feed"),
    "incident": ("onefile.cli.incident", "freeze grants, list whom it concerns, export the report"),
    "dispute": ("onefile.cli.dispute", "two departments differ over a request or its use"),
    "items": ("onefile.cli.items", "service items: what each demands, what is wrong with them; those of portals"),
    "client": ("onefile.cli.client", "systems of departments that may ask the counter"),
    "official": ("onefile.cli.official", "officials who log in by OpenID Connect, and their roles"),
    "case": ("onefile.cli.case", "cases that wait, and what becomes of them by law"),
    "archive": ("onefile.cli.archive", "packages of closed cases for the archives: make, list, export, check"),
    "material": ("onefile.cli.material", "shared materials: how many are kept; sweep their store"),
    "mandate": ("onefile.cli.mandate", "who may act for whom, from where, for which items, until when"),
    "prefill": ("onefile.cli.prefill", "what a case still needs, and its form already filled"),
    "meter": ("onefile.cli.meter", "what items still make people bring, and what to connect next"),
    "explain": ("onefile.cli.explain", "why somebody may use a route of the counter, or may not"),
    "serve": ("onefile.cli.serve", "the counter: the HTTP API, in several processes"),
    "ledger": ("onefile.cli.ledger", "audit and show the record of looks"),
}

AT = "The present instant, with offset, instead of the clock."
LANG = "Language of what is shown."
LANGUAGES = click.Choice(["zh", "en"])
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
        _equip(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(name, about) for name, (_, about) in VERBS.items()])


def _equip(command: click.Command) -> None:
    """Give a verb, and all below it, what every verb has: the exit codes in its help, `--at` and `--lang`."""
    command.epilog = command.epilog or EXIT_CODES
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _equip(each)
    elif COMMON[0] not in command.params:
        command.params += COMMON


def _set_instant(ctx: click.Context, _parameter: click.Parameter, at: str | None) -> None:
    if at is not None:
        ctx.obj = replace(ctx.obj, fixed_now=_instant(at))


def _instant(at: str) -> datetime:
    try:
        return settings_module.instant(at)
    except settings_module.SettingsError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None


def _set_language(ctx: click.Context, _parameter: click.Parameter, lang: str | None) -> None:
    if lang is not None:
        ctx.obj = replace(ctx.obj, lang=lang)


COMMON = (
    click.Option(["--at"], metavar="INSTANT", help=AT, callback=_set_instant, expose_value=False, is_eager=True),
    click.Option(["--lang"], type=LANGUAGES, help=LANG, callback=_set_language, expose_value=False, is_eager=True),
)
"""What may stand before the verb as well as behind it."""


@click.group(cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--at", metavar="INSTANT", help=AT)
@click.option("--lang", type=LANGUAGES, help=LANG)
@click.version_option(package_name="onefile", message="%(prog)s %(version)s")
@click.pass_context
def onefile(ctx: click.Context, at: str | None, lang: str | None) -> None:
    """One File (一档通): one file per person and enterprise, from what departments hand over."""
    ctx.obj = settings_module.read(lang=lang)
    if at is not None:
        ctx.obj = replace(ctx.obj, fixed_now=_instant(at))
    if ctx.invoked_subcommand != "doctor":
        home.check(ctx.obj, is_restoring=ctx.invoked_subcommand == "restore")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code. What it writes is its user's alone, whatever library writes it."""
    os.umask(0o077)
    # Declarations are tens of thousands of small objects that stay: looking through them again and again for
    # garbage takes a third of the time that a short verb has.
    gc.set_threshold(100_000, 20, 20)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; errors of ours become a sentence on standard error."""
    from pipelines.engine_sessions import until_done

    try:
        with until_done():
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
