"""From the YAML of items, kinds of shared material and bundles to frozen values, everything that they name checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeVar

from schemas import layers
from schemas.condition_reading import Sayable, whole
from schemas.conditions import All, Condition
from schemas.errors import Problems, one_of
from schemas.item_parts import (
    Satisfying,
    pair,
    read_form,
    read_intermediaries,
    read_materials,
    read_parties,
    read_questions,
    read_requirements,
    read_results,
    words,
)
from schemas.licence_reading import DEPARTMENT_LEVELS
from schemas.licence_types import HOLDER_CATEGORIES
from schemas.logic import can_hold
from schemas.model import SENSITIVITIES, SUBJECT_KINDS, Declarations
from schemas.reading import Fields, Value
from schemas.service_items import (
    CHANNELS,
    ITEM_KINDS,
    KEPT_BY,
    STEPS,
    VERIFIED_AGAINST,
    Bundle,
    Item,
    MaterialKind,
    Recognition,
    Requirement,
)
from schemas.table_reading import checked_name
from schemas.terms import read_share, read_terms

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,63}\Z")
_AREA = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}\Z")
_ITEM = (
    "name", "code", "label", "label_en", "about", "department", "kind", "subject", "basis", "deadline", "visits",
    "channels", "process", "materials", "form", "results",
)  # fmt: skip
_MAYBE = ("level", "area", "parties", "questions", "conditions", "intermediaries")


T = TypeVar("T", Item, Bundle, MaterialKind)


@dataclass(frozen=True)
class Items:
    """The service items of a city, their bundles, and the kinds of material that are kept for them, each by name."""

    items: Mapping[str, Item] = field(default_factory=dict)
    bundles: Mapping[str, Bundle] = field(default_factory=dict)
    materials: Mapping[str, MaterialKind] = field(default_factory=dict)


def gather(found: tuple[layers.Layer, ...], known: Declarations, problems: Problems) -> Items:
    """Read items, materials and bundles of all layers, telling what is wrong; only sound ones are returned."""
    materials: dict[str, MaterialKind] = {}
    documents = list(_documents("items", found, problems))
    named = frozenset(name for name, _ in documents)
    for name, value in _documents("materials", found, problems):
        _keep(materials, name, _material(value, known, named), value)
    satisfying = Satisfying(known.licences, known.files, known.tables, materials, named)
    items: dict[str, Item] = {}
    for name, value in documents:
        _keep(items, name, _item(value, known, satisfying), value)
    _check_circles(items, problems)
    bundles: dict[str, Bundle] = {}
    for name, value in _documents("bundles", found, problems):
        _keep(bundles, name, _bundle(value, known, items, satisfying.items), value)
    return Items(dict(sorted(items.items())), dict(sorted(bundles.items())), dict(sorted(materials.items())))


def _documents(kind: str, found: tuple[layers.Layer, ...], problems: Problems) -> list[tuple[str, Value]]:
    return [
        (path.stem, value) for layer in found for path, value in layers.documents(kind, layer, problems)
        if value is not None
    ]  # fmt: skip


def _keep(kept: dict[str, T], stem: str, new: T, value: Value) -> None:
    if new.name and new.name != stem:
        value.refuse(f"the name {new.name!r} in the file {stem}.yml", f"the file's own name, {stem!r}")
    if new.name in kept:
        value.refuse(f"{new.name!r} declared again", f"it once (the first is at {kept[new.name].place})")
    elif not value.document.is_broken:
        kept[new.name] = new


def _department(fields: Fields, known: Declarations) -> str:
    name = fields.text("department")
    if name and name not in known.departments:
        fields.values["department"].refuse(f"the department {name!r}", one_of(known.departments, name))
    return name


def _item(value: Value, known: Declarations, satisfying: Satisfying) -> Item:
    fields = value.fields(_ITEM, _MAYBE)
    department, subject = _department(fields, known), fields.choice("subject", SUBJECT_KINDS)
    parties = read_parties(fields, subject)
    plain = Sayable({}, parties, known.files, frozenset(known.licences), known.codes)
    sayable = Sayable(read_questions(fields, plain), parties, known.files, plain.licences, known.codes)
    legal, promised = _deadline(fields)
    own = known.departments[department].level if department in known.departments else ""
    requirements = read_requirements(fields, sayable)
    _check_requirements(fields, requirements, sayable)
    return Item(
        name=checked_name(fields, "name"),
        code=_matching(fields, "code", _CODE, "letters, digits, '.' and '-' only"),
        label=words(fields),
        about=pair(fields.values["about"]) if "about" in fields.values else words(fields),
        department=department,
        level=fields.choice("level", DEPARTMENT_LEVELS, own),
        area=_matching(fields, "area", _AREA, "an area code of 6, 9 or 12 digits"),
        kind=fields.choice("kind", tuple(ITEM_KINDS)),
        subject=subject,
        basis=tuple(pair(each) for each in fields.items("basis")),
        legal_days=legal,
        promised_days=promised,
        visits=fields.whole("visits", 0) or 0,
        channels=_listed(fields, "channels", CHANNELS),
        process=_listed(fields, "process", STEPS),
        parties=parties,
        questions=sayable.questions,
        requirements=requirements,
        materials=read_materials(fields, sayable, satisfying),
        form=read_form(fields, sayable, satisfying),
        results=read_results(fields, known.licences),
        intermediaries=read_intermediaries(fields),
        place=value.place,
    )


def _matching(fields: Fields, key: str, pattern: re.Pattern[str], wanted: str) -> str:
    found = fields.text(key)
    if found and not pattern.match(found):
        fields.values[key].refuse(f"the {key} {found!r}", wanted)
    return found


def _listed(fields: Fields, key: str, allowed: Mapping[str, object]) -> tuple[str, ...]:
    found = fields.texts(key)
    for name in found:
        if name not in allowed:
            fields.values[key].refuse(f"{name!r} among the {key}", one_of(allowed, name))
    if key in fields.values and not found:
        fields.values[key].refuse(f"no {key}", f"at least one: {one_of(allowed)}")
    return found


def _deadline(fields: Fields) -> tuple[int | None, int]:
    """Return the working days of the law (None: it sets none) and those that are promised; 0 is at once."""
    value = fields.get("deadline")
    if value is None:
        return None, 0
    deadline = value.fields(("promised",), ("legal",))
    promised = deadline.whole("promised", 0) or 0
    if fields.text("kind") == "at_once" and promised:
        value.refuse(f"{promised} working days of an item 'at_once'", "promised: 0, or kind 'promised'")
    return deadline.whole("legal", 0), promised


def _check_requirements(fields: Fields, requirements: tuple[Requirement, ...], sayable: Sayable) -> None:
    """Tell conditions that contradict each other: all of them can never be met together, so nobody could apply."""
    judged = [(r, r.met_if) for r in requirements if r.met_if is not None]
    choices, numbers = sayable.choices(), whole(sayable)

    def contradict(*parts: Condition) -> bool:
        return can_hold(All(parts), choices, numbers) is False

    if fields.whole_value.document.is_broken:
        return
    pairs = [(a, b) for (a, x), (b, y) in combinations(judged, 2) if contradict(x, y)]
    for first, second in pairs:
        fields.values["conditions"].refuse(
            f"conditions that contradict each other, {first.name} and {second.name}", "conditions that can all be met"
        )
    if not pairs and len(judged) > 2 and contradict(*(part for _, part in judged)):
        fields.values["conditions"].refuse(
            "conditions of which some contradict the others", "conditions that can all be met"
        )


def _check_circles(items: Mapping[str, Item], problems: Problems) -> None:
    """Tell items that wait for their own result, directly or through others."""
    needs = {
        name: {way.name for material in item.materials for way in material.ways if way.kind == "result"}
        for name, item in items.items()
    }
    for name, item in items.items():
        reached, left = set[str](), set(needs[name])
        while left:
            at = left.pop()
            if at not in reached:
                reached.add(at)
                left |= needs.get(at, set())
        if name in reached:
            problems.add(
                item.place, f"the item {name!r}, which refers to itself", "a result of an item that comes first"
            )


def _material(value: Value, known: Declarations, items: frozenset[str]) -> MaterialKind:
    fields = value.fields(
        ("name", "label", "label_en", "about", "department", "holder", "sensitivity", "share", "catalogue"),
        ("fresh_days", "recognised", "kept_by", "kept_basis", "covered_by"),
    )
    share = read_share(fields)
    kept_by, basis = fields.choice("kept_by", KEPT_BY, "consent"), fields.maybe("kept_basis") or ""
    if (kept_by == "law") != bool(basis):
        value.refuse(f"kept by {kept_by} {'with' if basis else 'without'} a basis", "'kept_basis' with 'kept_by: law'")
    covered_by = fields.texts("covered_by")
    for name in covered_by:
        if name not in known.licences:
            fields.values["covered_by"].refuse(f"the licence {name!r}", one_of(sorted(known.licences), name))
    return MaterialKind(
        name=checked_name(fields, "name"),
        label=words(fields),
        about=fields.text("about"),
        department=_department(fields, known),
        holder=fields.choice("holder", HOLDER_CATEGORIES),
        fresh_days=fields.whole("fresh_days", 1),
        sensitivity=fields.choice("sensitivity", SENSITIVITIES),
        place=value.place,
        share=share,
        terms=read_terms(fields, known.codes, share.share_class),
        recognised=_recognition(fields, known, items),
        kept_by=kept_by,
        kept_basis=basis,
        covered_by=covered_by,
    )


def _recognition(fields: Fields, known: Declarations, items: frozenset[str]) -> Recognition:
    value = fields.get("recognised")
    if value is None:
        return Recognition()
    told = value.fields(("verified_against",), ("by", "items"))
    named = {"verified_against": VERIFIED_AGAINST, "by": known.departments, "items": items}
    found = {name: told.texts(name) for name in named}
    for name, allowed in named.items():
        for each in found[name]:
            if each not in allowed:
                told.values[name].refuse(f"{each!r}", one_of(sorted(allowed), each))
    return Recognition(**found)


def _bundle(value: Value, known: Declarations, items: Mapping[str, Item], named: frozenset[str]) -> Bundle:
    fields = value.fields(("name", "label", "label_en", "about", "department", "items"))
    members = fields.texts("items")
    for name in members:
        if name not in named:
            fields.values["items"].refuse(f"the item {name!r}", one_of(sorted(named), name))
    found = [items[name] for name in members if name in items]
    if "items" in fields.values and len(members) < 2:
        fields.values["items"].refuse(f"{len(members)} items", "two at least: a bundle is several in one")
    if len({item.subject for item in found}) > 1:
        fields.values["items"].refuse("items for persons and for enterprises", "items for one kind of subject")
    _check_questions(fields, found)
    _check_order(fields, members, items)
    about = pair(fields.values["about"]) if "about" in fields.values else words(fields)
    return Bundle(checked_name(fields, "name"), words(fields), about, _department(fields, known), members, value.place)


def _check_questions(fields: Fields, found: list[Item]) -> None:
    """Tell questions of one name that ask different things: in a bundle each is asked once."""
    first: dict[str, tuple[str, object]] = {}
    for item in found:
        for name, question in item.questions.items():
            asked = (question.kind, tuple(answer.name for answer in question.answers))
            if first.setdefault(name, (item.name, asked))[1] != asked:
                fields.values["items"].refuse(
                    f"the question {name!r}, asked otherwise in {item.name} than in {first[name][0]}",
                    "the same answers, or another name: in a bundle it is asked once",
                )
    kinds: dict[str, str] = {}
    for item in found:
        for party in item.parties.values():
            if kinds.setdefault(party.name, party.kind) != party.kind:
                fields.values["items"].refuse(f"the party {party.name!r} of two kinds", "another name for one of them")


def _check_order(fields: Fields, members: tuple[str, ...], items: Mapping[str, Item]) -> None:
    for at, name in enumerate(members):
        ways = [way for m in items[name].materials for way in m.ways] if name in items else []
        for way in ways:
            if way.kind == "result" and way.name in members[at:]:
                fields.values["items"].refuse(f"{name!r} before {way.name!r}, whose result it needs", "them in order")
