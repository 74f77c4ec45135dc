"""A day in the life of the synthetic city: children are born, shops open, families move, and each asks the counter.

`python -m samples.life` follows `make demo`. It lets the city's last day pass once more, and for each that something
happened to it asks the counter as an intake platform does, with grants of all that the items want. It counts what these
people still had to bring and write. The same figures stand in `onefile meter` afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter as Count
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

import catalog
from catalog.entries import Entry, entries
from catalog.model import Catalogue
from catalog.prefill.meter import SAVED, TARGET
from catalog.prefill.wanted import together, wanted
from onefile.cli.tables import aligned
from onefile.client import Counter, Purpose
from onefile.settings import Settings
from samples import counter as demonstration
from samples import truth
from samples.city import calendar, days
from samples.city.calendar import NEVER, YEAR
from samples.city.city import City, make
from samples.city.columns import codes
from samples.city.numbers import Codes
from schemas.model import Declarations
from schemas.service_items import APPLICANT, Item
from schemas.serving.connection import writing

BIRTH, SHOP, PERMIT, MOVE = "birth", "shop", "permit", "move"
ITEMS = {BIRTH: "birth", SHOP: "restaurant", PERMIT: "food_permit", MOVE: "move_house"}
"""What is applied for when something happens: a life event, or one item."""
FIGURES = ("cases", "demanded", "shared", "promise", "to_bring", "fields", "filled", "to_write")
TO_BRING, PROMISE = ("missing", "not_available", "depends"), ("open_to_promise", "promised")
ROLES = {"other_parent": "spouse"}
"""What a case calls a party, where it is another name than the items'."""
UNUSUAL = ("is_single",)
"""Questions that most answer with no."""
CLIENT, MOST_ROUNDS = "intake-platform", 12


@dataclass(frozen=True)
class Happening:
    """Something that happened to somebody: who applies (empty: who is not there yet), and who else is party to it."""

    kind: str
    applicant: str = field(repr=False)
    parties: Mapping[str, str] = field(repr=False)


def happened(city: City, day: int) -> Iterator[Happening]:
    """Let a day pass in the city; yield what happened in it that people apply for."""
    people, firms, permits = len(city.people), len(city.firms), len(city.permits.firm)
    moves = city.people.moves.copy()
    days.live(city, day)
    there = city.people
    for child in range(people, len(there)):
        parties = {"other_parent": _number(there.number, there.father[child])}
        yield Happening(BIRTH, _number(there.number, there.mother[child]), parties)
    for firm in range(firms, len(city.firms)):
        yield Happening(SHOP, "", {"representative": _number(there.number, city.firms.head[firm])})
    for firm in city.permits.firm[permits:]:
        if firm < firms and city.firms.cancelled[firm] == NEVER:
            yield Happening(PERMIT, _number(city.firms.code, firm), {})
    moved = np.flatnonzero(there.moves[:people] > moves)
    grown = moved[there.birth[moved] < day - 18 * YEAR]
    for household in np.unique(there.household[grown]):
        yield Happening(MOVE, _number(there.number, grown[there.household[grown] == household][0]), {})


def last_day(about: Mapping[str, Any]) -> list[Happening]:
    """Return what happened on the last day of a city that was made so (`truth/city.json`)."""
    city = make(about["seed"], about["people"], about["enterprises"],
                calendar.number(date.fromisoformat(about["first_day"])), lambda _: None)  # fmt: skip
    first, found = city.day, list[Happening]()
    for day in range(first + 1, first + 1 + about["days"]):
        found = list(happened(city, day))
    return found


def sources(known: Catalogue, items: list[Item]) -> dict[str, str]:
    """Return what grants some items want, to fill their forms and to show what is held: entry and mode."""
    declared, listed = known.declarations, entries(known)
    found: dict[str, str] = {}
    for party, want in together(wanted(item, declared.materials) for item in items).items():
        kind = next(item.parties[party].kind for item in items if party in item.parties)
        attributes = [a for a in declared.files[kind].attributes if a.name in want.shown | want.judged]
        tables = {source.table for a in attributes for source in a.sources} | want.tables
        for resource in (each for table in sorted(tables) for each in known.of_table(table)):
            mode = next((mode for mode in ("query", "batch") if mode in listed[resource.id].modes), "")
            if mode:
                found[resource.id] = mode
        found |= {f"licence.{name}": "licence" for name in sorted(want.licences) if f"licence.{name}" in listed}
    return found


@dataclass
class Tally:
    """What was counted: by kind of happening the FIGURES, and by what it is called how often it had to be brought."""

    counts: dict[str, Count[str]] = field(default_factory=dict)
    brought: Count[str] = field(default_factory=Count)

    def take(self, kind: str, answer: Mapping[str, Any]) -> None:
        """Count one prefill."""
        counts = self.counts.setdefault(kind, Count())
        states = [(each["label"], each["state"]) for each in answer["materials"] if each["state"] != "not_needed"]
        form = [each["state"] for each in answer["form"] if each["state"] != "not_needed"]
        brought = [label["zh"] for label, state in states if state in TO_BRING]
        self.brought.update(brought)
        counts.update({
            "cases": 1, "demanded": len(states), "shared": sum(state in SAVED for _, state in states),
            "promise": sum(state in PROMISE for _, state in states), "to_bring": len(brought), "fields": len(form),
            "filled": form.count("filled"), "to_write": len(form) - form.count("filled"),
        })  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's types, with the share of the materials demanded that nobody had to bring."""
        total = sum(self.counts.values(), Count())
        by = {kind: {name: counts[name] for name in FIGURES} for kind, counts in self.counts.items()}
        share = total["shared"] / total["demanded"] if total["demanded"] else None
        return {"by": by, "total": {name: total[name] for name in FIGURES}, "share_saved": share, "target": TARGET,
                "brought": dict(self.brought.most_common())}  # fmt: skip


def ask_for(ask: Counter, declared: Declarations, happening: Happening, draft: str, grants: str) -> Mapping[str, Any]:
    """Register a draft for a happening, and ask what it needs until no question is open; return the last answer."""
    name = ITEMS[happening.kind]
    first = declared.items[declared.bundles[name].items[0] if name in declared.bundles else name]
    roles = {**({APPLICANT: happening.applicant} if happening.applicant else {}), **happening.parties}
    parties = [{"number": number, "role": ROLES.get(role, role)} for role, number in roles.items()]
    ask.register_case(draft, first.code, first.department, parties)
    others = {role: {"number": number} for role, number in happening.parties.items()}
    answers: dict[str, Any] = {}
    for _ in range(MOST_ROUNDS):
        answer: Mapping[str, Any] = ask.prefill(
            Purpose(grants, first.code, draft), [name], happening.applicant or None, parties=others, answers=answers
        )
        asked = {each["name"]: _said(each) for each in answer["questions"] if each["state"] == "to_ask"}
        if not asked:
            return answer
        answers |= asked
    raise RuntimeError(f"{name} asks more than {MOST_ROUNDS} times: its questions wait for one another")


def main() -> int:
    """Ask for everything that happened; print what people still had to bring and write."""
    from onefile import settings as settings_module

    settings = settings_module.read()
    place = settings.home / "city" / truth.FOLDER / "city.json"
    if not place.is_file():
        print("there is no city in this home: run `make demo` first", file=sys.stderr)
        return 1
    found = last_day(json.loads(place.read_text(encoding="utf-8")))
    tally = live(settings, found)
    told = tally.as_json()
    print(json.dumps(told, ensure_ascii=False, indent=2) if "--json" in sys.argv[1:] else text(told))
    return 0


def live(settings: Settings, found: list[Happening], is_supplied: bool = False) -> Tally:
    """Ask the counter for each happening, as the demonstration's intake platform; return what was counted.

    Args:
        is_supplied: the rows of granted resources are at the counter already, and no run has to bring them.
    """
    from starlette.testclient import TestClient

    from exchange.app import create_app
    from exchange.counter import open_counter

    demonstration.ready(settings, settings.counter_url)
    known, tally = catalog.load(settings.declarations), Tally()
    grants = {kind: granted(settings, known, kind) for kind in sorted({each.kind for each in found})}
    if not is_supplied and grants:
        subprocess.run([sys.executable, "-m", "onefile.cli", "run"], check=True)
    opened = open_counter(settings, os.urandom)
    with TestClient(create_app(opened), base_url=settings.counter_url) as http:
        key = (settings.home / "clients" / f"{CLIENT}.pem").read_bytes()
        trust = (settings.home / "keys" / "trust.json").read_bytes()
        with Counter(settings.counter_url, CLIENT, key, trust, transport=http._transport, now=settings.now) as ask:
            for number, each in enumerate(found, 1):
                draft = f"LIFE-{settings.today():%Y%m%d}-{number}"
                tally.take(each.kind, ask_for(ask, known.declarations, each, draft, grants[each.kind]))
    return tally


def granted(settings: Settings, known: Catalogue, kind: str) -> str:
    """Return the grants, to be cited, of what the items of a kind of happening want; those that lack are made."""
    declared, listed = known.declarations, entries(known)
    name = ITEMS[kind]
    names = declared.bundles[name].items if name in declared.bundles else (name,)
    wants = sources(known, [declared.items[each] for each in names])
    with writing(settings.database_url) as connection:
        return ",".join(
            demonstration.grant(connection, known, listed[entry], "data_bureau", _fields(listed[entry]), mode, settings)
            for entry, mode in wants.items()
        )


def text(told: Mapping[str, Any]) -> str:
    """Return what was counted as a screenful."""
    rows = [(kind, *(str(counts[name]) for name in FIGURES)) for kind, counts in told["by"].items()]
    total = ("all", *(str(told["total"][name]) for name in FIGURES))
    share = told["share_saved"]
    brought = [f"  {times} × {label}" for label, times in list(told["brought"].items())[:10]]
    saved = "-" if share is None else f"{share:.0%} of the materials demanded nobody had to bring (target {TARGET:.0%})"
    return "\n".join([*aligned([("happened", *FIGURES), *rows, total]).splitlines(), saved, "still brought:", *brought])


def _fields(entry: Entry) -> tuple[str, ...]:
    return tuple(item.name for item in entry.items)


def _number(numbers: Codes, row: int) -> str:
    (found,) = codes(numbers[[row]]).to_pylist()
    return str(found)


def _said(question: Mapping[str, Any]) -> object:
    """Answer a question as most do: the first answer, yes (but for UNUSUAL), a hundred, a day."""
    if question["name"] in UNUSUAL:
        return "no"
    if question["kind"] == "choice":
        return question["answers"][0]["name"]
    return {"yes_no": "yes", "number": "100", "day": "2026-11-01"}[question["kind"]]


if __name__ == "__main__":
    sys.exit(main())
