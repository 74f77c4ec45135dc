"""A ledger with its index in a serving database, files that change, and cases: to try what follows from looks on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

import catalog
from catalog.cases import store
from catalog.cases.store import CaseFile
from ledger import index
from ledger.entry import Look
from ledger.recall import Recalling
from ledger.record import Ledger
from licence_vault.keystore import Keystore
from onefile.verify.reading import instant_text
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.writing import Batch, File
from tests.ledgers import LOOK
from tests.papers import AT

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
KNOWN = catalog.load()
GRANT = "G20261123-0001"
SEEN = replace(
    LOOK, subject_id="p-1", kind="files.query", operator="client market-1", department="market", client="market-1",
    grant=GRANT, item="0212", case="C-7", fields=("name", "address"), lake_version="person_file@1", answer_id="q1",
)  # fmt: skip


@dataclass
class Disclosed:
    """A ledger and a database. `db` holds one transaction, the index caught up."""

    ledger: Ledger
    url: str

    def look(self, **change: object) -> None:
        self.ledger.append(replace(SEEN, **change))  # type: ignore[arg-type]

    def looks(self, *found: Look) -> None:
        self.ledger.append_all(found)

    @contextmanager
    def db(self) -> Iterator[Connection]:
        with writing(self.url) as connection:
            index.caught_up(connection, self.ledger.folder)
            yield connection

    def publish(self, version: int, at: datetime, **values: tuple[object, str] | None) -> None:
        """Publish the file of p-1: each attribute a value and the day it was observed on; None: nobody states it."""
        stated = {
            name: {
                "value": value[0],
                "observed_on": value[1],
                "delivery": f"d{version}",
                "resource": "police.population",
            }
            for name, value in values.items()
            if value is not None
        }
        document = json.dumps({"subject_id": "p-1", **stated}, ensure_ascii=False)
        with writing(self.url) as connection:
            made = File(
                "p-1", "citizen", "69010119900101123X", str(version), document, (("citizen", "69010119900101123X"),)
            )
            Batch(connection, "person", version, instant_text(at)).put([made])

    def remove(self, version: int, at: datetime) -> None:
        with writing(self.url) as connection:
            Batch(connection, "person", version, instant_text(at)).remove(["p-1"])

    def case(
        self, number: str = "C-7", state: str = "accepted", opened_at: datetime = AT, closed_at: datetime | None = None,
        subjects: tuple[str, ...] = ("p-1",), parent: str | None = None,
    ) -> None:  # fmt: skip
        """Register a case with its parties."""
        case = CaseFile(
            case_id=f"id-{number}", draft_no=f"D{number}", case_no=number, parent_id=parent, item="0212",
            department="market", registrar="intake", registered_by="client intake", stage="", kind="promised",
            state=state, step_count=0, officer="", result="", opened_at=instant_text(opened_at), accepted_on=None,
            stopped_on=None, stopped_days=0, legal_days=20, promised_days=10, legal_due_on=None, promised_due_on=None,
            closed_at=None if closed_at is None else instant_text(closed_at),
        )  # fmt: skip
        with writing(self.url) as connection:
            store.register(connection, case, [(self.ledger.subject_hash(each), "applicant") for each in subjects])

    def recalling(self, at: datetime = AT, on: date = DAY) -> Recalling:
        return Recalling(self.ledger.subject_hash, KNOWN, at, on)


def disclosed(home: Path, keystore: Keystore) -> Disclosed:
    """An empty ledger and database in a home."""
    url = f"sqlite:///{home}/serving.db"
    upgrade(url)
    return Disclosed(Ledger(home / "ledger", keystore), url)
