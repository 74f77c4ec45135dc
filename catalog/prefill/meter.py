"""The meter: what items still make people bring, per item, department and month; and what to connect next. Pure.

Counted is each item of a case as it stood when it was asked for last, in the month of that day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from catalog.prefill.store import Asked
from schemas.model import Declarations
from schemas.service_items import Item, Material

TARGET = 0.70
"""The share of materials that the reform plans want saved."""
DEMANDED = (
    "missing",
    "open_to_promise",
    "promised",
    "not_available",
    "depends",
    "earlier",
    "taken",
    "deposited",
    "held",
)
"""States of materials that the item's standard demands in the situation, or may demand."""
SHARED, DEPOSITED, PROMISED = ("held", "taken", "earlier"), ("deposited",), ("promised",)
SAVED = (*SHARED, *DEPOSITED)
MINUTES_A_MATERIAL, MINUTES_A_FIELD = 15, 0.5
"""The model of minutes: to find, copy and bring a material; to write a field. A bureau measures its own."""
AMENDED_MUCH = 0.10
"""From which share of amended values on a source is named."""


@dataclass(frozen=True)
class Line:
    """One item in one department and month. Shares are of 1, None where there is nothing to share.

    `asked_again` are cases in which a material was handed in that was held: a breach of Order 809, art. 19.
    """

    month: str
    item: str
    department: str
    cases: int
    demanded: int
    shared: int
    deposited: int
    promised: int
    asked_again: tuple[tuple[str, str], ...]
    filled: int
    untouched: int
    amended: int
    saved_minutes: float

    @property
    def saved_share(self) -> float | None:
        """The share of the demanded materials that nobody had to bring."""
        return (self.shared + self.deposited) / self.demanded if self.demanded else None

    @property
    def is_on_target(self) -> bool | None:
        """Whether as much is saved as the reform wants."""
        return None if self.saved_share is None else self.saved_share >= TARGET


@dataclass(frozen=True)
class Amended:
    """A resource whose values applicants amend: of so many that were handed in, so many were changed."""

    resource: str
    handed_in: int
    amended: int

    @property
    def share(self) -> float:
        return self.amended / self.handed_in


@dataclass(frozen=True)
class Next:
    """What would save demands if it were connected next.

    `what`: `grant` (it is shared, but nobody may ask for it), `licence`, `table`, `attribute`, `material`, or
    `undeclared`: nothing is declared that satisfies it. `name` is the licence type's, table's, …, or the material's
    own; `demands` how many it would save, `items` of which items (codes).
    """

    what: str
    name: str
    label: str
    demands: int
    items: tuple[str, ...]


@dataclass(frozen=True)
class Metered:
    """The meter of some months: its lines, sources with many amendments, and the plan, the most demands first."""

    lines: tuple[Line, ...]
    sources: tuple[Amended, ...]
    plan: tuple[Next, ...]


@dataclass
class _Counts:
    cases: int = 0
    states: Counter[str] = field(default_factory=Counter)
    again: list[tuple[str, str]] = field(default_factory=list)
    filled: int = 0
    checked: Counter[str] = field(default_factory=Counter)


def metered(known: Declarations, asked: Iterable[Asked]) -> Metered:
    """Count what items needed and got."""
    counts: dict[tuple[str, str, str], _Counts] = defaultdict(_Counts)
    by_source: dict[str, Counter[str]] = defaultdict(Counter)
    lacking: Counter[tuple[str, str, bool]] = Counter()
    for each in asked:
        found = counts[each.asked_on[:7], each.item, each.department]
        found.cases += 1
        found.states.update(each.materials.values())
        found.again += [(each.case, name) for name, how in each.came.items() if _is_again(each, name, how)]
        filled = {name: source for name, (state, source) in each.fields.items() if state == "filled"}
        found.filled += len(filled)
        found.checked.update(each.checked.values())
        for name, source in filled.items():
            by_source[source][each.checked.get(name, "")] += 1
        lacking.update((each.item, name, state == "not_available") for name, state in each.materials.items()
                       if state in _LACKING)  # fmt: skip
    return Metered(
        tuple(_line(*key, found) for key, found in sorted(counts.items())), tuple(_amended(by_source)),
        tuple(_plan(known, lacking)),
    )  # fmt: skip


_LACKING = ("missing", "open_to_promise", "promised", "not_available")


def _is_again(each: Asked, name: str, how: str) -> bool:
    return how == "handed_in" and each.materials.get(name) in SAVED


def _line(month: str, item: str, department: str, found: _Counts) -> Line:
    shared, deposited, promised = (sum(found.states[s] for s in states) for states in (SHARED, DEPOSITED, PROMISED))
    untouched = found.checked["untouched"]
    return Line(
        month, item, department, found.cases, sum(found.states[state] for state in DEMANDED), shared, deposited,
        promised, tuple(found.again), found.filled, untouched, found.checked["amended"],
        MINUTES_A_MATERIAL * (shared + deposited - len(found.again)) + MINUTES_A_FIELD * untouched,
    )  # fmt: skip


def _amended(by_source: Mapping[str, Counter[str]]) -> list[Amended]:
    """Return the resources whose values are amended much, the worst first."""
    found = []
    for resource, states in by_source.items():
        handed_in = sum(count for state, count in states.items() if state)
        if handed_in and states["amended"] / handed_in >= AMENDED_MUCH:
            found.append(Amended(resource, handed_in, states["amended"]))
    return sorted(found, key=lambda each: (-each.share, each.resource))


def _plan(known: Declarations, lacking: Mapping[tuple[str, str, bool], int]) -> list[Next]:
    """Return what would save the demands that nothing satisfied, each by its first way, the most demands first."""
    items = {item.code: item for item in known.items.values()}
    saved: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for (code, name, is_ungranted), count in lacking.items():
        item = items.get(code)
        material = next((m for m in item.materials if m.name == name), None) if item is not None else None
        if item is not None and material is not None:
            what, named = _would_save(item, material)
            saved["grant" if is_ungranted else what, named, _label(known, what, named)][code] += count
    found = [Next(*key, sum(by.values()), tuple(sorted(by))) for key, by in saved.items()]
    return sorted(found, key=lambda each: (-each.demands, each.what, each.name))


def _would_save(item: Item, material: Material) -> tuple[str, str]:
    """Return what, if it were there, would satisfy a material: its kind and name."""
    for way in material.ways:
        if way.kind == "attribute":
            return way.kind, f"{item.parties[way.party].kind}.{way.name}"
        if way.kind != "result":
            return way.kind, way.name
    return "undeclared", material.label.zh


def _label(known: Declarations, what: str, name: str) -> str:
    if what == "licence":
        return known.licences[name].label
    return known.materials[name].label.zh if what == "material" else name
