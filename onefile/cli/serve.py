"""`onefile serve`: the counter."""

from __future__ import annotations

import click

from onefile.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; TLS ends at a front proxy.")
@click.option("--port", type=click.IntRange(1, 65535), default=8600, show_default=True, help="Port to listen on.")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="How many answer.")
@click.pass_obj
def command(settings: Settings, host: str, port: int, processes: int) -> None:
    """Answer departments' systems, officials and applicants over HTTP, until it is stopped (SIGTERM or Ctrl-C).

    What is asked, and for whom, stands in no log; every answer about a subject is in the ledger before it leaves.
    """
    from onefile.services import counter

    counter.serve(settings, host, port, processes)
