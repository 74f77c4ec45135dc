"""How each material of a notice stands for one applicant: held, taken, not needed, promised, missing and how to get it.

Pure. A demand that several items share is judged for each of them by what that item may know, and told by the one
that asks most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from catalog.notice import Demand
from catalog.prefill.view import NOBODY, Circumstances, Deposit, Licence, PartyView, RecordHeld, Standing, Stated, Taken
from schemas.model import Declarations
from schemas.service_items import Item, Promise, Way, Words

STATES: Mapping[str, tuple[str, str]] = {
    "missing": ("缺少，需提交", "missing: to be handed in"),
    "open_to_promise": ("缺少，可告知承诺或容缺", "missing: a promise may stand for it"),
    "promised": ("已承诺", "promised"),
    "not_available": ("此处不可得", "not available here"),
    "depends": ("视情形", "depends on what is not known yet"),
    "earlier": ("由本次前一事项产生", "comes of an earlier item of this application"),
    "taken": ("前一阶段已收取", "taken by an earlier stage of the case"),
    "deposited": ("已存共享材料", "deposited earlier"),
    "held": ("已有，免提交", "held: not handed in"),
    "not_needed": ("此情形无需", "not needed in this situation"),
}
"""How a material stands, the one that asks most of the applicant first."""
_ORDER = tuple(STATES)
APPLICANTS, DEPARTMENTS, ITEMS = "applicant", "department", "item"


@dataclass(frozen=True)
class Obtain:
    """How a missing material is got: by whom it is made or issued, by which item, within how many working days.

    `whom` is a department's id, or empty for the applicant's own hand. `item` is a declared item's name, or empty.
    """

    how: str
    whom: str
    item: str
    days: int | None


@dataclass(frozen=True)
class Proof:
    """What satisfies a material, or a promise that stands or was broken: at most one is set."""

    licence: Licence | None = None
    record: RecordHeld | None = None
    value: Stated | None = field(default=None, repr=False)
    deposit: Deposit | None = None
    taken: Taken | None = None
    earlier: str | None = None
    standing: Standing | None = None


@dataclass(frozen=True)
class Need:
    """A material of the notice, and how it stands: overall, by item, and by which of its ways.

    `way` is set where it is satisfied. `not_in_force` are licences that the applicant has and that do not count today.
    """

    demand: Demand
    state: str
    by_item: Mapping[str, str]
    way: Way | None
    proof: Proof
    not_in_force: tuple[Licence, ...]
    obtain: tuple[Obtain, ...]
    promises: tuple[tuple[Promise, tuple[str, ...]], ...]

    @property
    def label(self) -> Words:
        return self.demand.label


@dataclass(frozen=True)
class Judge:
    """Judges the materials of a notice. `views` are by item and party what that item may know."""

    known: Declarations
    views: Mapping[str, Mapping[str, PartyView]]
    circumstances: Circumstances
    on: date

    def need(self, demand: Demand) -> Need:
        """Say how a material stands."""
        found = {item: self._of_item(demand, item) for item in demand.items}
        worst = min(found, key=lambda item: _ORDER.index(found[item][0]))
        state, way, proof = found[worst]
        is_lacking = state in ("missing", "open_to_promise", "not_available", "depends")
        return Need(
            demand, state, {item: each[0] for item, each in found.items()}, way, proof,
            tuple(self._lapsed(demand, worst)), tuple(self._obtain(demand)) if is_lacking else (),
            demand.promises if is_lacking else (),
        )  # fmt: skip

    def _of_item(self, demand: Demand, item: str) -> tuple[str, Way | None, Proof]:
        needed = demand.needed[item]
        if needed is False:
            return "not_needed", None, Proof()
        found = self._satisfied(demand, item)
        if found is not None:
            return found
        if needed is None:
            return "depends", None, Proof()
        standing = self.circumstances.promises.get((item, demand.names[item]))
        if standing is not None and standing.state != "broken":
            return "promised", None, Proof(standing=standing)
        if standing is None and any(item in names for _, names in demand.promises):
            return "open_to_promise", None, Proof(standing=standing)
        if not all(self._may_tell(way, item) for way in demand.ways):
            return "not_available", None, Proof(standing=standing)
        return "missing", None, Proof(standing=standing)

    def _satisfied(self, demand: Demand, item: str) -> tuple[str, Way | None, Proof] | None:
        """Return what satisfies a demand, by its first way that does."""
        for way in demand.ways:
            proof = self._by(way, item)
            if proof is not None:
                return proof[0], way, proof[1]
        taken = self.circumstances.taken.get(identity(demand))
        return None if taken is None else ("taken", None, Proof(taken=taken))

    def _by(self, way: Way, item: str) -> tuple[str, Proof] | None:
        view, key = self._view(way, item), (way.kind, way.party, way.name)
        taken = self.circumstances.taken.get(key)
        if taken is not None:
            return "taken", Proof(taken=taken)
        if way.kind == "licence":
            held = [each for each in view.licences.get(way.name, ()) if each.is_in_force(self.on)]
            return ("held", Proof(licence=held[0])) if held else None
        if way.kind == "attribute":
            stated = view.values.get(way.name)
            return None if stated is None or stated.value is None else ("held", Proof(value=stated))
        if way.kind == "table":
            records = view.records.get(way.name, ())
            return ("held", Proof(record=records[0])) if records else None
        if way.kind == "material":
            return self._covered(way, view) or self._deposited((item, *key))
        return ("earlier", Proof(earlier=way.name)) if way.name in self.views else None

    def _covered(self, way: Way, view: PartyView) -> tuple[str, Proof] | None:
        """Return the licence in force that stands for a material, whether a scan of it was deposited or not."""
        names = self.known.materials[way.name].covered_by
        held = [each for name in names for each in view.licences.get(name, ()) if each.is_in_force(self.on)]
        return ("held", Proof(licence=held[0])) if held else None

    def _deposited(self, key: tuple[str, ...]) -> tuple[str, Proof] | None:
        deposit = self.circumstances.deposits.get(key)
        is_fresh = deposit is not None and (deposit.fresh_until is None or self.on.isoformat() <= deposit.fresh_until)
        return ("deposited", Proof(deposit=deposit)) if is_fresh else None

    def _view(self, way: Way, item: str) -> PartyView:
        return self.views[item].get(way.party, NOBODY)

    def _may_tell(self, way: Way, item: str) -> bool:
        """Say whether an item may ask for what a way names; deposits and results are the case's own.

        What it may not ask for is not available here, whether it is there or not.
        """
        view = self._view(way, item)
        if way.kind in ("material", "result"):
            return True
        held: Mapping[str, object] = {
            "licence": view.licences, "attribute": view.judged, "table": view.records,
        }[way.kind]  # fmt: skip
        return way.name in held

    def _lapsed(self, demand: Demand, item: str) -> Iterator[Licence]:
        for way in demand.ways:
            if way.kind == "licence":
                yield from (x for x in self._view(way, item).licences.get(way.name, ()) if not x.is_in_force(self.on))

    def _obtain(self, demand: Demand) -> Iterator[Obtain]:
        """Yield how a material is got; by the applicant's own hand where nothing else is declared."""
        item = self.known.items[demand.items[0]]
        found = list(dict.fromkeys(each for way in demand.ways for each in self._of_way(way, item)))
        yield from found or [Obtain(APPLICANTS, "", "", None)]

    def _of_way(self, way: Way, item: Item) -> Iterator[Obtain]:
        if way.kind == "result":
            yield _by_item(self.known.items[way.name])
        elif way.kind == "licence":
            makers = [each for each in self.known.items.values() if any(r.licence == way.name for r in each.results)]
            yield from (_by_item(each) for each in makers)
            if not makers:
                yield Obtain(DEPARTMENTS, self.known.licences[way.name].issuer, "", None)
        elif way.kind == "material":
            yield Obtain(APPLICANTS, self.known.materials[way.name].department, "", None)
        elif way.kind == "attribute":
            attributes = self.known.files[item.parties[way.party].kind].attributes
            yield from (Obtain(DEPARTMENTS, a.lead, "", None) for a in attributes if a.name == way.name and a.lead)


def identity(demand: Demand) -> tuple[str, ...]:
    """Return what a material is found by among those that an earlier stage took: its first way, or its name."""
    ways = [way for way in demand.ways if way.kind != "result"] or list(demand.ways)
    return (ways[0].kind, ways[0].party, ways[0].name) if ways else ("named", "".join(demand.label.zh.split()))


def _by_item(item: Item) -> Obtain:
    return Obtain(ITEMS, item.department, item.name, item.promised_days)
