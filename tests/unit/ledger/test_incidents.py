"""Incidents: grants are frozen, looks and subjects concerned are listed, the report is closed with what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog import requests
from catalog.entries import entries
from catalog.errors import UnknownId
from catalog.requests import Wanted
from catalog.sharing_store import Actor, get
from ledger import incidents
from ledger.errors import IncidentRefused, NoSuchIncident
from tests.disclosed import DAY, GRANT, KNOWN, SEEN, Disclosed
from tests.papers import AT

WANTED = Wanted(("name",), "", (), "b", "s", "o", "query", "2026-11-01", "2026-12-31", 5, "PIA")
HOUR = timedelta(hours=1)
NOW = AT + HOUR
AUDITOR = Actor("rule", "data_bureau", "auditor-1", NOW, DAY)


@pytest.fixture
def granted(house: Disclosed) -> Disclosed:
    entry = entries(KNOWN)["police.population"]
    with house.db() as db:
        case = requests.apply(db, WANTED, entry, replace(AUDITOR, role="consumer", department="market"))
        for action, role, department in (("approve", "office", "market"), ("grant", "provider", "police")):
            actor = replace(AUDITOR, role=role, department=department)
            requests.act(db, case.id, action, actor, "x", entry, KNOWN.sharing)
    return house


def declare(house: Disclosed, *grants: str, since=AT, reason="令牌外泄") -> incidents.Incident:
    with house.db() as db:
        return incidents.declare(db, grants, since, reason, AUDITOR, KNOWN.sharing)


def test_grants_are_frozen_and_what_is_concerned_is_listed(granted):
    granted.looks(SEEN, replace(SEEN, subject_id="p-2", grant=f"G20261123-0009,{GRANT}"))
    granted.looks(replace(SEEN, grant="G20261123-0009"), replace(SEEN, at=NOW), replace(SEEN, at=NOW + HOUR))
    incident = declare(granted, GRANT)
    assert incident.id == "I20261123-0001"
    with granted.db() as db:
        assert get(db, GRANT).state == "suspended"
        report = incidents.report(db, incident, NOW)
    assert [look["seq"] for look in report["looks"]] == [1, 2, 4]
    assert report["subjects"] == sorted(map(granted.ledger.subject_hash, ("p-1", "p-2")))
    assert (report["grants"], report["fields"]) == ({GRANT: "suspended"}, ["address", "name"])


def test_a_second_incident_takes_the_next_number_and_leaves_a_frozen_grant(granted):
    declare(granted, GRANT)
    assert declare(granted, GRANT, GRANT).grants == (GRANT,)
    with granted.db() as db:
        assert [incident.id for incident in incidents.listed(db)] == ["I20261123-0001", "I20261123-0002"]


@pytest.mark.parametrize(
    ("grants", "since", "reason", "error"),
    [((), AT, "x", IncidentRefused), ((GRANT,), AT, " ", IncidentRefused),
     ((GRANT,), NOW + timedelta(days=1), "x", IncidentRefused), ((GRANT, "G1"), AT, "x", UnknownId)],
)  # fmt: skip
def test_what_names_nothing_is_no_incident(granted, grants, since, reason, error):
    with pytest.raises(error):
        declare(granted, *grants, since=since, reason=reason)
    with granted.db() as db:
        assert get(db, GRANT).state == "active"


def test_it_is_closed_once_with_what_was_done(granted):
    incident = declare(granted, GRANT)
    with granted.db() as db:
        with pytest.raises(IncidentRefused):
            incidents.close(db, incident.id, " ", NOW)
        assert incidents.close(db, incident.id, "已换密钥，已告知", NOW).closed_at == "2026-11-23T02:02:03Z"
        with pytest.raises(NoSuchIncident):
            incidents.close(db, incident.id, "again", NOW)
        with pytest.raises(NoSuchIncident):
            incidents.find(db, "I1")
