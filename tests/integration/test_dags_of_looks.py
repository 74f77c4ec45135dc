"""The DAGs that follow from looks, cases and clocks, each run to its end in a process as `onefile run` runs DAGs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from catalog.sharing_store import cases
from ledger import findings, outbox
from schemas.serving.connection import looking
from schemas.serving.disclosure_tables import DISCLOSURE
from schemas.serving.tables import counter_tables
from tests.counter import ANNA, BELA, Shop, person, said
from tests.unit.exchange.test_own import applicant

ZONE = ZoneInfo("Asia/Shanghai")
DAGS = ("notices", "reconciliation", "sharing", "cases", "ledger_expiry")
SCRIPT = """
import json, sys
from onefile import settings
from onefile.cli.dag_runs import DagRuns

runs = DagRuns(settings.read())
told = {dag: (runs.run(dag, {}), *runs.why) for dag in sys.argv[1:]}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A home the day after: a department compared a value that is corrected since, of nobody in its case."""
    made = Shop(tmp_path_factory.mktemp("looks") / "var")
    made.publish(person(ANNA, "安娜"), person(BELA, "贝拉"))
    made.client("intake", "data_bureau", "intake")
    made.client("market-app", "market")
    made.at = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
    with made.open() as opened:
        opened.case("D-2")
        opened.ask("intake").report("D-2", "receive", made.at)
    made.at = datetime(2026, 11, 30, 10, 0, tzinfo=ZONE)
    grant = made.grant("police.population", ("number", "name", "address"), mode="check")
    with made.open() as opened:
        opened.case("D-1", parties=(BELA,))
        headers = opened.bearer("market-app", **{"Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"})
        asked = {"number": ANNA, "name": "安娜", "fields": {"address": "样例路1号"}}
        assert opened.http.post("/v1/files/match", json={"subjects": [asked]}, headers=headers).status_code == 200
        wish = {"attribute": "address", "reason": "我已迁出"}
        assert opened.http.post("/v1/objections", json=wish, headers=applicant(opened)).status_code == 201
    made.publish(person(ANNA, "安娜", address=said("样例路2号")), version=13)
    return made


@pytest.fixture(scope="module")
def ran(shop: Shop) -> dict[str, list[object]]:
    """How each DAG ended, at half past three in the next night."""
    now = (shop.at + timedelta(hours=17, minutes=30)).isoformat()
    environ = {**os.environ, **shop.environ, "ONEFILE_NOW": now}
    script = [sys.executable, "-c", SCRIPT, *DAGS]
    done = subprocess.run(script, env=environ, capture_output=True, text=True, timeout=600, check=True)
    told: dict[str, list[object]] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_each_dag_does_its_work_and_needs_no_engine(shop: Shop, ran: dict[str, list[object]]) -> None:
    assert ran == {dag: [True] for dag in DAGS}
    assert not (shop.home / "lake").exists()
    with looking(shop.url) as db:
        (notice,) = outbox.all_notices(db)
        (kept,) = findings.listed(db)
        (objection,), (request,) = cases(db, "O"), cases(db, "R")
        states = select(counter_tables.CASE_FILE.c.draft_no, counter_tables.CASE_FILE.c.state)
        assert dict(map(tuple, db.execute(states))) == {"D-1": "draft", "D-2": "accepted"}
        assert len(db.execute(select(DISCLOSURE.c.seq)).all()) == 1
    assert (notice.consumer, notice.document["attribute"]) == ("market", "address")
    assert (kept.kind, kept.looked_on) == ("not_party", "2026-11-30")
    assert (objection.state, request.state) == ("resolved", "supplied")
