"""What follows from looks on PostgreSQL, by the same code as on SQLite: trail, recall, reconciliation, findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from catalog import objections
from catalog.objections import Challenge, marks
from catalog.sharing_store import Actor
from ledger import findings, index, outbox, unusual
from ledger.recall import recall
from ledger.reconciliation import reconcile, shares
from ledger.record import Ledger
from ledger.trail import Whose, trail
from ledger.words import Dictionary
from schemas.serving.migration import upgrade
from schemas.watching import Watch
from tests.disclosed import DAY, KNOWN, SEEN, ZONE, Disclosed
from tests.papers import AT, new_bureau

OLD = "2026-11-01"


def test_looks_are_indexed_told_recalled_and_held_against_cases(postgres_url: str, tmp_path: Path) -> None:
    upgrade(postgres_url)
    house = Disclosed(Ledger(tmp_path / "ledger", new_bureau(tmp_path)), postgres_url)
    house.publish(1, AT, address=("路一号", OLD), name=("张三", OLD))
    house.case()
    house.look()
    house.looks(*[replace(SEEN, subject_id=f"p-{n}", case="C-none") for n in range(30)])
    house.publish(2, AT + timedelta(hours=1), address=("路二号", OLD), name=("张三", OLD))
    with house.db() as db:
        whose = Whose(house.ledger.subject_hash("p-1"), "person", DAY, ZONE)
        assert len(list(trail(db, whose, Dictionary(KNOWN)))) == 2
        assert recall(db, house.recalling(AT + timedelta(hours=2))) == 1
        assert [notice.consumer for notice in outbox.feed(db, "market")] == ["market"]
        outbox.set_target(db, "market", "https://hooks.example/", "tests", AT)
        assert len(list(outbox.due(db, AT + timedelta(hours=3)))) == 1
        outbox.acknowledge(db, "market", 1, "market-1", AT)
        assert reconcile(db, DAY, ZONE, AT, 30) == 30
        assert unusual.find(db, DAY, ZONE, AT, lambda _day: True, Watch()) == 1
        assert shares(db, DAY, DAY, ZONE)[0].found == {"no_case": 30}
        assert findings.settle(db, 1, "auditor", "why", AT).settled_by == "auditor"
        actor = Actor("subject", "", "tests", AT, DAY)
        objections.open_objection(db, Challenge("p-1", "person", "address", "x"), KNOWN, actor, "salt")
        assert list(marks(db, ["p-1", "p-2"])) == [("p-1", "address")]
        assert index.caught_up(db, house.ledger.folder) == 0
    house.publish(3, AT + timedelta(hours=2), address=("路三号", OLD), name=("张三", OLD))
    with house.db() as db:
        assert objections.sweep(db, replace(actor, role="rule"))[0] == ["O20261123-0001"]
