"""What some items need of one applicant, all of it: questions, conditions, materials, and the one form (一表).

Pure: the same declarations, views and answers give the same needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from catalog.errors import UnknownItem
from catalog.notice import Entry, Notice, merged
from catalog.prefill.materials import Judge, Need
from catalog.prefill.view import NOBODY, Circumstances, PartyView, Stated, facts_of
from schemas.logic import Facts, Found
from schemas.model import Declarations
from schemas.service_items import Item

FIELD_STATES: Mapping[str, tuple[str, str]] = {
    "filled": ("已预填", "filled"),
    "not_available": ("此处不可得", "not available here"),
    "applicant": ("申请人填写", "the applicant's to fill"),
    "not_needed": ("此情形无需", "not needed in this situation"),
}
"""How a field of the form stands."""


@dataclass(frozen=True)
class Field:
    """A field of the one form. `id` is stable: `<party>.<attribute>`, or `<item>.<field>` where nothing fills it.

    `items` are those that ask it, `filled_for` those of them that may know the value.
    """

    id: str
    entry: Entry
    state: str
    stated: Stated | None = field(repr=False)
    filled_for: tuple[str, ...]


@dataclass(frozen=True)
class Needs:
    """What the items of a notice need: the notice on the facts, each material and each field as it stands."""

    notice: Notice
    materials: tuple[Need, ...]
    form: tuple[Field, ...]


@dataclass(frozen=True)
class Known:
    """What is known: by item and party what may be known of it, the answers of the applicant, the circumstances."""

    views: Mapping[str, Mapping[str, PartyView]]
    answers: Mapping[str, Found]
    circumstances: Circumstances
    on: date

    def facts(self) -> dict[str, Facts]:
        """Return the facts of each item."""
        return {item: facts_of(views, self.answers, self.on) for item, views in self.views.items()}


def items_of(declared: Declarations, names: tuple[str, ...]) -> list[Item]:
    """Return the items that some names mean (items by name or code, bundles), each once, in order.

    Raises:
        UnknownItem: a name means nothing.
    """
    codes = {item.code: item for item in declared.items.values()}
    found: dict[str, Item] = {}
    for name in names:
        if name in declared.bundles:
            found |= {each: declared.items[each] for each in declared.bundles[name].items}
        elif name in declared.items or name in codes:
            item = declared.items.get(name) or codes[name]
            found[item.name] = item
        else:
            raise UnknownItem(name, (*declared.bundles, *declared.items))
    return list(found.values())


def needs(declared: Declarations, items: list[Item], known: Known) -> Needs:
    """Say what items need.

    Raises:
        AnswerRefused: an answer that no item asks for, or one that it does not allow.
    """
    first = items[0]
    facts = Facts(known.on, known.answers)
    found = merged(first.name, first.label, first.about, items, facts, known.facts())
    judge = Judge(declared, known.views, known.circumstances, known.on)
    return Needs(
        found, tuple(judge.need(each) for each in found.demands), tuple(_field(each, known) for each in found.form)
    )


def field_id(entry: Entry) -> str:
    """Return the stable id of a field."""
    if entry.way is not None:
        return f"{entry.way.party}.{entry.way.name}"
    return f"{entry.items[0]}.{entry.names[entry.items[0]]}"


def _field(entry: Entry, known: Known) -> Field:
    if entry.is_needed is False:
        return Field(field_id(entry), entry, "not_needed", None, ())
    way = entry.way
    if way is None:
        return Field(field_id(entry), entry, "applicant", None, ())
    told = {item: known.views[item].get(way.party, NOBODY).values.get(way.name) for item in entry.items}
    held = {item: stated for item, stated in told.items() if stated is not None and stated.value is not None}
    if not held:
        return Field(field_id(entry), entry, "not_available", None, ())
    stated = next(iter(held.values()))
    return Field(field_id(entry), entry, "filled", stated, tuple(i for i, s in held.items() if s == stated))
