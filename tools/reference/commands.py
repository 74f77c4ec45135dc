"""docs/reference/commands.md: what `--help` prints, for every verb."""

from __future__ import annotations

from collections.abc import Iterator

import click

from onefile.cli.main import COMMON, EXIT_CODES, VERBS, onefile
from tools.reference.markdown import block, table
from tools.reference.markdown import page as made

WIDTH = 100
INTRODUCTION = """
Every verb takes `--help`; every verb that reads takes `--json`. The language of what is shown is `--lang`, else
`ONEFILE_LANG`, else the locale's. `--at` and `--lang` may stand before every verb and behind it: `onefile run --at
2026-03-01T08:00:00+08:00`. What else can be set is in [settings](settings.md). Sentences for people that are no
answer go to standard error.
"""


def page() -> str:
    """Return the page."""
    sections = [f"## onefile {name}\n\n{_section(name)}" for name in VERBS]
    codes = EXIT_CODES.replace("\b\n", "").splitlines()[1:]
    rows = [line.strip().split(maxsplit=1) for line in codes]
    exits = ("## Exit codes", table(("code", "means"), rows), "Which error has which: [exit codes](exit-codes.md).")
    return made("Commands", INTRODUCTION, block(_help("onefile", onefile)), *exits, *sections)


def commands(name: str = "onefile", command: click.Command = onefile) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that there is, groups too, with the words that call it."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for word in command.list_commands(context):
            found = command.get_command(context, word)
            if found is not None:
                yield from commands(f"{name} {word}", found)


def _section(verb: str) -> str:
    found = onefile.get_command(click.Context(onefile), verb)
    if found is None:
        raise LookupError(f"no verb {verb!r}: onefile.cli.main.VERBS names one that cannot be loaded")
    return "\n\n".join(block(_help(words, command)) for words, command in commands(f"onefile {verb}", found))


def _help(words: str, command: click.Command) -> str:
    """Return what `--help` prints, without what is alike everywhere: the exit codes, `--at` and `--lang`."""
    context = click.Context(command, info_name=words, terminal_width=WIDTH, max_content_width=WIDTH)
    formatter = context.make_formatter()
    kept, command.epilog = command.epilog, None
    params, command.params = command.params, [p for p in command.params if p not in COMMON]
    try:
        command.format_help(context, formatter)
    finally:
        command.epilog, command.params = kept, params
    return formatter.getvalue()
