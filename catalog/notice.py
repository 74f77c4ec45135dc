"""One notice (一单) for an item or a bundle of items: everything that is demanded, each thing once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from catalog.assessment import Asked, Assessment, Judged, assess
from catalog.errors import AnswerRefused, UnknownItem
from schemas.errors import one_of
from schemas.logic import Facts, Reason
from schemas.model import Declarations
from schemas.service_items import FormField, Item, Material, Promise, Way, Words

SOURCES: Mapping[str, tuple[str, str]] = {
    "shared": ("由部门共享，无需提交；查不到时再提交", "shared by departments; handed in only where they have none"),
    "earlier": ("由前一事项产生，无需提交", "comes of an earlier item; not handed in"),
    "applicant": ("由申请人提交", "handed in by the applicant"),
    "unmapped": ("由申请人提交（尚未对应到数据）", "handed in by the applicant (mapped to nothing yet)"),
}
"""Where a material comes from, in a notice."""


@dataclass(frozen=True)
class Demand:
    """One material of a notice, for all items that demand it.

    `is_needed`: True where an item demands it, None where that is not known yet, False in none. `why` by item. `source`
    is a key of SOURCES; `earlier` the items of the notice that it comes of. `several` are other names it goes by.
    `promises` say which items take each; `names` what the material is called in each item's declaration; `needed` what
    `is_needed` is for each.
    """

    label: Words
    items: tuple[str, ...]
    is_needed: bool | None
    why: Mapping[str, tuple[Reason, ...]]
    ways: tuple[Way, ...]
    promises: tuple[tuple[Promise, tuple[str, ...]], ...]
    source: str
    earlier: tuple[str, ...]
    several: tuple[Words, ...]
    names: Mapping[str, str]
    needed: Mapping[str, bool | None]


@dataclass(frozen=True)
class Entry:
    """One field of the merged form (一表), for all items that ask it. `way`: the attribute that fills it, or None.

    `names` is what the field is called in each item's declaration.
    """

    label: Words
    items: tuple[str, ...]
    is_needed: bool | None
    way: Way | None
    names: Mapping[str, str]


@dataclass(frozen=True)
class Condition:
    """One condition, for all items that have it; `is_met` as of the facts; `names` as each item declares it."""

    label: Words
    items: tuple[str, ...]
    is_met: bool | None
    why: tuple[Reason, ...]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Notice:
    """The notice. `promised_days`, `legal_days`: working days along the longest chain of items that wait for another.

    `legal_days` is None where the law sets no deadline for some item of that chain. `doubles` is how many questions,
    materials, fields and conditions were there more than once.
    """

    name: str
    label: Words
    about: Words
    items: tuple[Item, ...]
    questions: tuple[Asked, ...]
    conditions: tuple[Condition, ...]
    demands: tuple[Demand, ...]
    form: tuple[Entry, ...]
    basis: tuple[Words, ...]
    promised_days: int
    legal_days: int | None
    visits: int
    doubles: Mapping[str, int]


def notice(known: Declarations, name: str, facts: Facts) -> Notice:
    """Return the notice of a bundle or of one item, on the facts.

    Raises:
        UnknownItem: there is neither.
        AnswerRefused: an answer that no item of it asks for, or one that it does not allow.
    """
    if name in known.bundles:
        bundle = known.bundles[name]
        return merged(name, bundle.label, bundle.about, [known.items[each] for each in bundle.items], facts)
    if name not in known.items:
        raise UnknownItem(name, (*known.bundles, *known.items))
    item = known.items[name]
    return merged(name, item.label, item.about, [item], facts)


def merged(
    name: str, label: Words, about: Words, items: list[Item], facts: Facts, own: Mapping[str, Facts] | None = None
) -> Notice:  # fmt: skip
    """Put the assessments of several items together, each question, material, field and condition once.

    Args:
        own: the facts of items that are to be judged on others than `facts`, by item.
    """
    asked = dict.fromkeys(question for item in items for question in item.questions)
    for answer in facts.answers:
        if answer not in asked:
            raise AnswerRefused(f"an answer to {answer!r}, which nothing here asks", one_of(asked, answer))
    found = [assess(item, _for(item, (own or {}).get(item.name, facts))) for item in items]
    questions, demands, form = _questions(found), _demands(found), _form(found)
    conditions = _conditions(found)
    had = {
        "questions": sum(len(item.questions) for item in items) - len(questions),
        "materials": sum(len(item.materials) for item in items) - len(demands),
        "fields": sum(len(item.form) for item in items) - len(form),
        "conditions": sum(len(item.requirements) for item in items) - len(conditions),
    }
    return Notice(
        name, label, about, tuple(items), questions, conditions, demands, form,
        tuple(dict.fromkeys(basis for item in items for basis in item.basis)),
        _chain(items, lambda item: item.promised_days) or 0, _chain(items, lambda item: item.legal_days),
        sum(item.visits for item in items), had,
    )  # fmt: skip


def _for(item: Item, facts: Facts) -> Facts:
    return replace(facts, answers={name: each for name, each in facts.answers.items() if name in item.questions})


def _questions(found: Iterable[Assessment]) -> tuple[Asked, ...]:
    """Keep of each question the state that asks most: a question that one item needs is asked."""
    order = ("answered", "known", "to_ask", "not_needed")
    kept: dict[str, Asked] = {}
    for asked in (asked for assessment in found for asked in assessment.questions):
        before = kept.get(asked.question.name)
        if before is None or order.index(asked.state) < order.index(before.state):
            kept[asked.question.name] = asked
    return tuple(kept.values())


def identity(material: Material) -> tuple[str, ...]:
    """Return what makes two materials the same: what satisfies them first, beside results; else their name."""
    ways = [way for way in material.ways if way.kind != "result"] or list(material.ways)
    return (ways[0].kind, ways[0].party, ways[0].name) if ways else ("named", "".join(material.label.zh.split()))


def _demands(found: list[Assessment]) -> tuple[Demand, ...]:
    names = [assessment.item.name for assessment in found]
    kept: dict[tuple[str, ...], list[tuple[str, Material, bool | None, tuple[Reason, ...]]]] = {}
    for assessment in found:
        for demanded in assessment.materials:
            verdict = demanded.verdict
            kept.setdefault(identity(demanded.material), []).append(
                (assessment.item.name, demanded.material, verdict.is_met, verdict.reasons)
            )
    return tuple(_demand(same, names) for same in kept.values())


def _demand(same: list[tuple[str, Material, bool | None, tuple[Reason, ...]]], names: list[str]) -> Demand:
    materials = [material for _, material, _, _ in same]
    ways = tuple(dict.fromkeys(way for material in materials for way in material.ways))
    earlier = tuple(way.name for way in ways if way.kind == "result" and way.name in names)
    labels = list(dict.fromkeys(material.label for material in materials))
    return Demand(
        label=labels[0],
        items=tuple(dict.fromkeys(name for name, *_ in same)),
        is_needed=_any(is_needed for _, _, is_needed, _ in same),
        why={name: reasons for name, _, _, reasons in same if reasons},
        ways=ways,
        promises=_promises(same),
        source=_source(materials, ways, earlier),
        earlier=earlier,
        several=tuple(labels[1:]),
        names={name: material.name for name, material, _, _ in reversed(same)},
        needed={name: _any(n for each, _, n, _ in same if each == name) for name, *_ in same},
    )


def _promises(
    same: list[tuple[str, Material, bool | None, tuple[Reason, ...]]],
) -> tuple[tuple[Promise, tuple[str, ...]], ...]:
    found: dict[Promise, list[str]] = {}
    for name, material, *_ in same:
        if material.promise is not None:
            found.setdefault(material.promise, []).append(name)
    return tuple((promise, tuple(names)) for promise, names in found.items())


def _source(materials: list[Material], ways: tuple[Way, ...], earlier: tuple[str, ...]) -> str:
    if earlier:
        return "earlier"
    if any(way.kind != "result" for way in ways):
        return "shared"
    return "applicant" if ways or any(material.is_applicants for material in materials) else "unmapped"


def _any(outcomes: Iterable[bool | None]) -> bool | None:
    found = list(outcomes)
    return True if True in found else None if None in found else False


def _form(found: list[Assessment]) -> tuple[Entry, ...]:
    kept: dict[tuple[str, ...], list[tuple[str, FormField, bool | None]]] = {}
    for assessment in found:
        for filled in assessment.form:
            way = filled.field.way
            same = (way.party, way.name) if way else ("named", "".join(filled.field.label.zh.split()))
            kept.setdefault(same, []).append((assessment.item.name, filled.field, filled.verdict.is_met))
    return tuple(_entry(same) for same in kept.values())


def _entry(same: list[tuple[str, FormField, bool | None]]) -> Entry:
    return Entry(
        label=same[0][1].label,
        items=tuple(dict.fromkeys(name for name, *_ in same)),
        is_needed=_any(is_needed for *_, is_needed in same),
        way=same[0][1].way,
        names={name: field.name for name, field, _ in reversed(same)},
    )


def _conditions(found: list[Assessment]) -> tuple[Condition, ...]:
    kept: dict[tuple[str, str], list[tuple[str, Judged]]] = {}
    for assessment in found:
        for judged in assessment.conditions:
            same = (judged.requirement.label.zh, str(judged.requirement.met_if))
            kept.setdefault(same, []).append((assessment.item.name, judged))
    return tuple(_condition(same) for same in kept.values())


def _condition(same: list[tuple[str, Judged]]) -> Condition:
    """Merge one condition of several items: what some of them may judge it by counts for it."""
    known = next((judged for _, judged in same if judged.verdict.is_met is not None), same[0][1])
    return Condition(
        known.requirement.label, tuple(name for name, _ in same), known.verdict.is_met, known.verdict.reasons,
        {name: judged.requirement.name for name, judged in same},
    )  # fmt: skip


def _chain(items: list[Item], days_of: Callable[[Item], int | None]) -> int | None:
    """Return the working days of the longest chain of items of which each waits for the result of the one before."""
    names = {item.name for item in items}
    ends: dict[str, int | None] = {}
    for item in items:  # a bundle has them in order
        waits = {way.name for m in item.materials for way in m.ways if way.kind == "result" and way.name in names}
        before = [ends.get(name, 0) for name in waits]
        own = days_of(item)
        ends[item.name] = None if own is None or None in before else own + max((b for b in before if b), default=0)
    found = list(ends.values())
    return None if None in found else max((days for days in found if days is not None), default=0)
