"""Batches of shares that are made every night, for departments that fetch files from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from catalog import shares
from onefile.errors import OneFileError
from onefile.verify.reading import instant_text
from pipelines.bulk import batches
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade
from schemas.serving.share_tables import SHARE_NIGHTLY

ROW = SHARE_NIGHTLY.c


@dataclass(frozen=True)
class Nightly:
    """A share whose batches are made every night, into which folder, in which form; `fault` of the last night."""

    share_id: str
    folder: str
    form: str
    made_at: str | None
    fault: str


def put(connection: Connection, share_id: str, folder: Path | None, form: str, by: str, at: datetime) -> None:
    """Have batches of a share made every night into a folder, in a form; no folder: no more.

    Raises:
        UnknownShare: there is no such share in force.
    """
    shares.require(connection, share_id)
    connection.execute(delete(SHARE_NIGHTLY).where(ROW.share_id == share_id))
    if folder is not None:
        connection.execute(insert(SHARE_NIGHTLY).values(
            share_id=share_id, folder=str(folder.absolute()), form=form, set_at=instant_text(at), set_by=by,
            made_at=None, fault=""))  # fmt: skip


def listed(connection: Connection) -> list[Nightly]:
    """Return what is made every night, of shares in force, by share."""
    active = {each.share_id for each in shares.shares(connection) if each.is_active}
    asked = select(*(ROW[name] for name in Nightly.__dataclass_fields__)).order_by(ROW.share_id)
    return [Nightly(*each) for each in connection.execute(asked) if each.share_id in active]


def make_all(shop: Workshop) -> tuple[int, list[str]]:
    """Make the night's batches; return how many are new, and which shares failed, with why.

    One share that cannot be handed out holds up no other.
    """
    upgrade(shop.settings.database_url)
    with looking(shop.settings.database_url) as connection:
        waiting = listed(connection)
    made, failed = 0, list[str]()
    for each in waiting:
        fault = ""
        try:
            made += sum(one.is_new for one in batches.make(shop, each.share_id, Path(each.folder), each.form))
        except OneFileError as error:
            fault = str(error)
        except OSError as error:
            fault = f"{each.folder} cannot be written: {error.strerror}; mend the folder, or name another one"
        if fault:
            failed.append(f"{each.share_id}: {fault}")
        _note(shop, each, fault)
    return made, failed


def _note(shop: Workshop, each: Nightly, fault: str) -> None:
    values: dict[str, object] = {"fault": fault[:500]} if fault else {"fault": "", "made_at": instant_text(shop.at)}
    with writing(shop.settings.database_url) as connection:
        connection.execute(update(SHARE_NIGHTLY).where(ROW.share_id == each.share_id).values(**values))
