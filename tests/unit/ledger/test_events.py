"""The event feed: what changes under a grant is told, once at least, in order per subject, without a value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog import grants, subscriptions
from catalog.cases import store
from catalog.cases.store import CaseFile
from catalog.errors import GrantNotInForce
from catalog.grants import Limits
from catalog.subscriptions import NoSuchSubscription, SubscriptionRefused
from ledger import events, outbox
from ledger.entry import Look
from ledger.events import Event
from ledger.outbox import PAUSES
from ledger.record import Ledger
from onefile.verify.reading import instant_text
from pipelines import accounts
from schemas.serving.connection import looking, writing
from schemas.serving.disclosure_tables import VALUE_CHANGE
from schemas.serving.event_tables import EVENT
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, CATALOGUE, ENTRIES, FIRM, Shop
from tests.handed import workshop
from tests.vault import issue_rows, permit, vault_of

POPULATION, ENTERPRISES = "police.population", "market.enterprises"


class Following:
    """A department that follows what changes under a grant, and what it was told."""

    def __init__(self, home: Path, resource: str, fields: tuple[str, ...], consumer: str, **changes: Any) -> None:
        self.shop = Shop(home)
        self.resource, self.consumer = resource, consumer
        self.grant = self.shop.grant(resource, fields, consumer, **changes)
        self.version = 1

    def subscribe(self, consumer: str = "") -> int:
        with writing(self.shop.url) as db:
            day = self.shop.at.date()
            who = consumer or self.consumer
            return subscriptions.subscribe(db, self.grant, who, ENTRIES, "tests", self.shop.at, day).number

    def supply(self, *rows: tuple[str, str, dict[str, Any]], fields: str) -> None:
        self.shop.supply(self.resource, self.version, *rows, fields=fields)
        self.version += 1

    def look(self, number: str, case: str = "C-1", **change: Any) -> None:
        shop = workshop(self.shop)
        shop.keys.ensure((), ("subject-hash",), shop.at)
        seen = Look(
            shop.at, "client tax", "x", subject_numbers(number)[0].subject_id, ("name",), "b", kind="records.query",
            department=self.consumer, grant=self.grant, case=case, resource=self.resource, answer_id="q1",
        )  # fmt: skip
        Ledger(shop.home / "ledger", shop.keys).append(replace(seen, **change))

    def told(self) -> list[dict[str, Any]]:
        """Make events; return what the feed has of them."""
        accounts.make_events(workshop(self.shop))
        with looking(self.shop.url) as db:
            return [each.body() for each in events.feed(db, self.consumer)]

    def case(self, number: str = "C-1", *, is_closed: bool = False) -> None:
        at = instant_text(self.shop.at)
        case = CaseFile(
            case_id=f"id-{number}", draft_no=f"D{number}", case_no=number, parent_id=None, item="0212",
            department=self.consumer, registrar="intake", registered_by="x", stage="", kind="promised",
            state="delivered" if is_closed else "accepted", step_count=0, officer="", result="", opened_at=at,
            accepted_on=None, stopped_on=None, stopped_days=0, legal_days=20, promised_days=10, legal_due_on=None,
            promised_due_on=None, closed_at=at if is_closed else None,
        )  # fmt: skip
        with writing(self.shop.url) as db:
            store.register(db, case, [])


@pytest.fixture
def people(tmp_path: Path) -> Following:
    """The tax office, which may ask for names and addresses of people."""
    found = Following(tmp_path / "var", POPULATION, ("name", "address"), "tax")
    found.supply(("r1", ANNA, {"name": "安娜", "address": "路一"}), ("r2", BELA, {"name": "贝拉", "address": "路二"}),
                 fields="name address sex")  # fmt: skip
    return found


def test_who_was_looked_at_is_followed_while_the_case_is_open(people: Following) -> None:
    people.subscribe()
    people.case("C-1")
    people.case("C-2", is_closed=True)
    people.look(ANNA, "C-1")
    people.look(BELA, "C-2")
    people.supply(("r1", ANNA, {"name": "安娜", "address": "路九"}), ("r2", BELA, {"name": "贝拉", "address": "路八"}),
                  fields="name address sex")  # fmt: skip
    (event,) = people.told()
    assert {name: event[name] for name in ("number", "resource", "field", "how", "answers", "cases", "previous")} == {
        "number": 1, "resource": POPULATION, "field": "address", "how": "corrected", "answers": ["q1"],
        "cases": ["C-1"], "previous": None,
    }  # fmt: skip
    assert people.told() == [event]  # made once
    everything = json.dumps(event, ensure_ascii=False)
    for hidden in (ANNA, "路九", "路一", "安娜", subject_numbers(ANNA)[0].subject_id):
        assert hidden not in everything


def test_events_are_removed_when_their_days_are_over_and_the_feed_says_up_to_where(people: Following) -> None:
    people.subscribe()
    people.case()
    people.look(ANNA)
    brought = people.shop.at
    people.supply(("r1", ANNA, {"name": "安娜", "address": "路三"}), ("r2", BELA, {"name": "贝拉", "address": "路二"}),
                  fields="name address sex")  # fmt: skip
    assert [event["number"] for event in people.told()] == [1]
    assert accounts.expire_events(workshop(people.shop)) == 0
    with writing(people.shop.url) as db:
        assert events.removed_to(db, "tax") == 0
        kept = dict(db.execute(select(EVENT)).mappings().one())
        kept |= {"event_no": 7, "source": "change:99", "made_at": instant_text(brought + timedelta(2))}
        db.execute(EVENT.insert().values(**kept))
    object.__setattr__(people.shop.settings, "fixed_now", brought + timedelta(366))
    assert accounts.expire_events(workshop(people.shop)) == 1
    with looking(people.shop.url) as db:
        assert [each.number for each in events.feed(db, "tax")] == [7]
        assert (events.removed_to(db, "tax"), events.removed_to(db, "market")) == (1, 0)
    assert accounts.expire_events(workshop(people.shop)) == 0


def test_events_of_a_subject_name_the_one_before_and_a_new_row_is_one(people: Following) -> None:
    people.subscribe()
    people.case()
    people.look(ANNA)
    for address in ("路三", "路四"):
        people.supply(("r1", ANNA, {"name": "安娜", "address": address}), ("r2", BELA, {"name": "贝拉"}),
                      fields="name address sex")  # fmt: skip
    people.supply(("r1", ANNA, {"name": "安娜", "address": "路四"}), ("r3", ANNA, {"name": "安妮"}),
                  fields="name address sex")  # fmt: skip
    found = people.told()
    assert [(each["number"], each["previous"], each["field"], each["how"]) for each in found] == [
        (1, None, "address", "corrected"), (2, 1, "address", "corrected"), (3, 2, "name", "added"),
    ]  # fmt: skip
    assert len({each["subject"] for each in found}) == 1
    with looking(people.shop.url) as db:
        waiting = db.execute(select(VALUE_CHANGE.c.how).where(VALUE_CHANGE.c.recalled_at.is_(None))).scalars().all()
    assert "added" not in waiting  # nothing that was shown is wrong


def test_what_is_not_granted_or_was_not_asked_under_the_grant_is_not_told(people: Following) -> None:
    people.subscribe()
    people.case()
    people.look(ANNA, grant="G20261130-9999")
    people.look(ANNA, department="market")
    people.supply(("r1", ANNA, {"name": "安娜", "address": "路九", "sex": "2"}), fields="name address sex")
    assert people.told() == []
    people.look(ANNA)
    people.supply(("r1", ANNA, {"name": "安娜", "address": "路九", "sex": "1"}), fields="name address sex")
    assert people.told() == []  # sex is not granted
    with writing(people.shop.url) as db:
        actor = people.shop.actor("authority", CATALOGUE.sharing.authority)
        grants.act(db, people.grant, "suspend", actor, "x", CATALOGUE.sharing)
    people.supply(("r1", ANNA, {"name": "安娜", "address": "路十", "sex": "1"}), fields="name address sex")
    assert people.told() == []
    with writing(people.shop.url) as db:
        grants.act(db, people.grant, "resume", actor, "x", CATALOGUE.sharing)
    assert people.told() == []  # nor afterwards, of what changed meanwhile


def test_only_rows_of_the_area_granted_are_told(tmp_path: Path) -> None:
    from tests.counter import person, said

    found = Following(tmp_path / "var", POPULATION, ("name",), "tax", rows="area=690101")
    found.supply(("r1", ANNA, {"name": "安娜"}), ("r2", BELA, {"name": "贝拉"}), fields="name")
    found.shop.publish(person(ANNA, "安娜"), person(BELA, "贝拉", area=said("690102")))
    found.subscribe()
    found.case()
    found.look(ANNA)
    found.look(BELA)
    found.supply(("r1", ANNA, {"name": "安安"}), ("r2", BELA, {"name": "贝贝"}), fields="name")
    assert len(found.told()) == 1


def test_enterprises_are_followed_without_a_case_and_every_row_under_a_grant_by_batch(tmp_path: Path) -> None:
    firms = Following(tmp_path / "a", ENTERPRISES, ("name",), "tax")
    firms.supply(("r1", FIRM, {"name": "甲"}), fields="name")
    firms.subscribe()
    firms.supply(("r1", FIRM, {"name": "乙"}), fields="name")
    assert firms.told() == []  # nobody looked
    firms.look(FIRM, "")
    firms.supply(("r1", FIRM, {"name": "丙"}), fields="name")
    assert [each["answers"] for each in firms.told()] == [["q1"]]
    batch = Following(tmp_path / "b", ENTERPRISES, ("name",), "tax", mode="batch")
    batch.supply(("r1", FIRM, {"name": "甲"}), fields="name")
    batch.subscribe()
    batch.supply(("r1", FIRM, {"name": "乙"}), fields="name")
    (event,) = batch.told()
    assert len(event["records"][0]) == 32
    shop = workshop(batch.shop)
    looks = [each for each in Ledger(shop.home / "ledger", shop.keys).entries() if each.kind == "shares.event"]
    assert [(each.department, each.grant, each.fields, each.subject is None) for each in looks] == [
        ("tax", batch.grant, ("name",), False)
    ]


def test_the_key_of_a_row_is_that_of_the_grant_s_table(tmp_path: Path) -> None:
    """As `pipelines.projecting` makes it, in the engine: SHA-256 over the grant's salt and the record's key."""
    import hashlib

    batch = Following(tmp_path / "var", ENTERPRISES, ("name",), "tax", mode="batch")
    batch.supply(("r1", FIRM, {"name": "甲"}), fields="name")
    batch.subscribe()
    batch.supply(("r1", FIRM, {"name": "乙"}), fields="name")
    (event,) = batch.told()
    salt = events.salt(workshop(batch.shop).keys.secret("shared-records"), batch.grant)
    assert event["records"] == [hashlib.sha256(f"{salt}r1".encode()).hexdigest()[:32]]


def test_a_licence_that_was_issued_or_changed_is_told_to_who_looked_at_its_holder(tmp_path: Path) -> None:
    holder = "116901000005202685"
    found = Following(tmp_path / "var", "licence.food_operation_permit", ("ZZBH",), "tax", mode="licence")
    vault = vault_of(found.shop.home, found.shop.url)
    issue_rows(vault, [permit(1)], "b1")
    found.subscribe()
    assert found.told() == []
    found.look(holder, "", kind="licences.read", fields=("ZZBH",))
    issue_rows(vault, [permit(1, state="revoked"), permit(2)], "b2")
    told = found.told()
    assert [(each["how"], each["state"]) for each in told] == [("revoked", "revoked"), ("new", "valid")]
    assert all(each["licence"] for each in told)


def test_a_subscription_is_of_one_s_own_grant_in_force_and_ends(people: Following, tmp_path: Path) -> None:
    number = people.subscribe()
    assert people.subscribe() == number
    with pytest.raises(SubscriptionRefused, match="not its own"):
        people.subscribe("market")
    with writing(people.shop.url) as db:
        with pytest.raises(NoSuchSubscription):
            subscriptions.end(db, "market", number, people.shop.at)
        ended = subscriptions.end(db, "tax", number, people.shop.at)
        assert ended == subscriptions.end(db, "tax", number, people.shop.at + timedelta(1))
        assert subscriptions.subscriptions(db) == []
    narrow = Following(tmp_path / "b", "licence.food_operation_permit", ("ZZBH",), "tax", mode="licence",
                       rows="area=690101")  # fmt: skip
    with pytest.raises(SubscriptionRefused, match="some issuers"):
        narrow.subscribe()
    with writing(narrow.shop.url) as db:
        actor = narrow.shop.actor("authority", CATALOGUE.sharing.authority)
        grants.act(db, narrow.grant, "suspend", actor, "x", CATALOGUE.sharing, limits=Limits())
    with pytest.raises(GrantNotInForce):
        narrow.subscribe()


def test_webhooks_keep_the_order_of_a_subject_and_send_again_what_was_not_taken(people: Following) -> None:
    people.subscribe()
    people.case()
    people.look(ANNA)
    people.look(BELA)
    for step in ("三", "四"):
        people.supply(("r1", ANNA, {"name": "安娜", "address": step}), ("r2", BELA, {"name": "贝拉", "address": step}),
                      fields="name address sex")  # fmt: skip
    assert len(people.told()) == 4
    at, sent = people.shop.at, list[int]()
    with writing(people.shop.url) as db:
        outbox.set_target(db, "tax", "https://tax.example/events", "tests", at)

    def send(*answers: str, later: timedelta = timedelta()) -> tuple[int, int]:
        """Send what is due; each answer is what goes wrong with one."""
        waits = iter(answers)

        def one(event: Event, _url: str) -> str:
            sent.append(event.number)
            return next(waits, "")

        def note(event: Event, fault: str) -> None:
            with writing(people.shop.url) as db:
                events.tried(db, event, at + later, fault)

        with looking(people.shop.url) as db:
            found = events.waiting(db)
        return events.send_due(found, at + later, one, note)

    assert send("it answered 503") == (0, 1)
    assert sent == [1]  # the others wait with it
    with looking(people.shop.url) as db:
        subjects = {each.number: each.subject for each in events.feed(db, "tax")}
    sent.clear()
    assert send() == (2, 0)  # of the other subject; the first one's next try is not due
    assert {subjects[number] for number in sent} == {subjects[2]} - {subjects[1]}
    sent.clear()
    assert send(later=PAUSES[0]) == (2, 0)
    assert [subjects[number] for number in sent] == [subjects[1]] * 2
    assert sent == sorted(sent)
    assert send(later=timedelta(1)) == (0, 0)


def test_an_event_that_is_never_taken_stays_in_the_feed_and_lets_the_next_go(people: Following) -> None:
    people.subscribe()
    people.case()
    people.look(ANNA)
    people.supply(("r1", ANNA, {"name": "安娜", "address": "三"}), fields="name address sex")
    people.told()
    with writing(people.shop.url) as db:
        outbox.set_target(db, "tax", "https://tax.example/events", "tests", people.shop.at)
        db.execute(update(EVENT).values(tries=len(PAUSES)))
        ((event, _),) = events.waiting(db)
        events.tried(db, event, people.shop.at, "it answered 500")
        assert events.waiting(db) == []
        (kept,) = events.feed(db, "tax")
    assert (kept.delivered_at, kept.last_fault) == (None, "it answered 500")
