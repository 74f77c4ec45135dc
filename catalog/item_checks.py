"""What is wrong with service items: found by rules, each finding with its item and its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalog.material_names import CATCH_ALL, MaterialNames, plain
from catalog.model import Catalogue
from schemas.service_items import APPLICANT, NUMBER, Item, Way
from schemas.terms import Share, Terms

KINDS: Mapping[str, tuple[str, str]] = {
    "unsatisfied": ("材料没有任何资源或证照可以满足", "a material that no resource or licence satisfies"),
    "differently_named": ("同一材料在不同部门名称不同", "one material that two departments name differently"),
    "breach": ("索要共享可以提供的内容", "it demands what sharing supplies"),
    "catch_all": ("兜底条款", "a catch-all clause"),
    "unlike": (
        "同一事项在不同层级或地区不一致（四级四同）",
        "the same item unlike on other levels or in other districts",
    ),
    "deadline": ("承诺时限长于法定时限", "a promised deadline longer than the law's"),
    "unmapped_field": ("表项没有对应任何数据", "a field of the form that is mapped to nothing"),
}
"""Every kind of finding, in Chinese and English."""
SHARED_STATES = ("published", "in_withdrawal")


@dataclass(frozen=True)
class Stated:
    """A material or field as an item states it. `targets` are what of ours it is mapped to (kind, name).

    `is_applicants`: the item says that only the applicant has it; `party` is whose it is.
    """

    label: str
    targets: tuple[tuple[str, str], ...]
    is_applicants: bool
    party: str = APPLICANT


@dataclass(frozen=True)
class Described:
    """An item as the checks look at it, declared by us or imported. What a source does not say is empty or None."""

    id: str
    code: str
    name: str
    department: str
    where: str
    basis: tuple[str, ...]
    legal_days: int | None
    promised_days: int | None
    process: tuple[str, ...]
    conditions: tuple[str, ...]
    materials: tuple[Stated, ...]
    fields: tuple[Stated, ...]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `kind` of KINDS, the item's id, what it is about, and the rest of the sentence."""

    kind: str
    item: str
    what: str
    detail: str


@dataclass(frozen=True)
class Supply:
    """What sharing supplies: published resources, licence types and kinds of material; attributes by name."""

    targets: frozenset[tuple[str, str]]
    attributes: Mapping[str, str]
    names: MaterialNames

    def supplies(self, targets: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return those that sharing supplies."""
        return tuple(target for target in targets if target in self.targets)


def supply(catalogue: Catalogue) -> Supply:
    """Return what the catalogue's published resources, licence types and kinds of material supply."""
    known = catalogue.declarations
    found = {("licence", each.name) for each in known.licences.values() if _is_shared(each.share, each.terms)}
    found |= {("material", each.name) for each in known.materials.values() if _is_shared(each.share, each.terms)}
    tables = {known.licences[name].table for kind, name in found if kind == "licence"}
    for resource in catalogue.resources.values():
        if resource.share_class != "not_shared" and resource.terms and resource.terms.state in SHARED_STATES:
            tables.add(resource.table)
    attributes = {}
    for file in known.files.values():
        for attribute in file.attributes:
            if any(source.table in tables for source in attribute.sources):
                found.add(("attribute", attribute.name))
                attributes[plain(attribute.label)] = f"{file.kind}.{attribute.name}"
    found |= {("table", table) for table in tables} | ({("attribute", NUMBER)} if tables else set())
    return Supply(frozenset(found), attributes, MaterialNames(known))


def _is_shared(share: Share | None, terms: Terms | None) -> bool:
    is_shared = share is not None and share.share_class != "not_shared"
    return is_shared and terms is not None and terms.state in SHARED_STATES


def described(item: Item) -> Described:
    """Return a declared item as the checks look at it."""
    return Described(
        item.name, item.code, item.label.zh, item.department, f"{item.level} {item.area}".strip(),
        tuple(basis.zh for basis in item.basis), item.legal_days, item.promised_days, item.process,
        tuple(each.label.zh for each in item.requirements),
        tuple(
            Stated(each.label.zh, tuple(map(_target, each.ways)), each.is_applicants, _party(each.ways))
            for each in item.materials
        ),
        tuple(
            Stated(each.label.zh, (_target(each.way),) if each.way else (), each.is_applicants) for each in item.form
        ),
    )  # fmt: skip


def _party(ways: tuple[Way, ...]) -> str:
    return next((way.party for way in ways if way.kind != "result"), APPLICANT)


def _target(way: Way) -> tuple[str, str]:
    return way.kind, way.name


def check(items: Iterable[Described], supplied: Supply) -> list[Finding]:
    """Return every finding, in order of kind and item; the same items give the same findings."""
    found = list(items)
    findings = [finding for item in found for rule in _RULES for finding in rule(item, supplied)]
    findings += _differently_named(found, supplied)
    findings += _unlike(found)
    order = list(KINDS)
    return sorted(dict.fromkeys(findings), key=lambda f: (order.index(f.kind), f.item, f.what, f.detail))


def _unsatisfied(item: Described, supplied: Supply) -> Iterator[Finding]:
    for each in item.materials:
        results = any(kind == "result" for kind, _ in each.targets)
        if each.is_applicants or results or supplied.supplies(each.targets):
            continue
        if not each.targets and supplied.supplies(supplied.names.targets(each.label)):
            continue  # a breach
        said = ", ".join(f"{kind} {name}" for kind, name in each.targets)
        yield Finding("unsatisfied", item.id, each.label, f"{said}: not published" if said else "mapped to nothing")


def _breach(item: Described, supplied: Supply) -> Iterator[Finding]:
    for each in item.materials:
        for kind, name in supplied.supplies(supplied.names.targets(each.label)) if not each.targets else ():
            yield Finding("breach", item.id, each.label, f"sharing supplies the {kind} {name}")
    for each in item.fields:
        attribute = supplied.attributes.get(plain(each.label)) if not each.targets else None
        if attribute is not None:
            yield Finding("breach", item.id, each.label, f"the one file has {attribute}")


def _catch_all(item: Described, _: Supply) -> Iterator[Finding]:
    texts = (*(each.label for each in item.materials), *item.conditions)
    yield from (Finding("catch_all", item.id, text, "name what is meant") for text in texts if CATCH_ALL.search(text))


def _deadline(item: Described, _: Supply) -> Iterator[Finding]:
    legal, promised = item.legal_days, item.promised_days
    if legal is not None and promised is not None and promised > legal:
        yield Finding("deadline", item.id, item.name, f"promised {promised} working days, by law {legal}")


def _unmapped(item: Described, _: Supply) -> Iterator[Finding]:
    for each in item.fields:
        if not each.targets and not each.is_applicants:
            yield Finding("unmapped_field", item.id, each.label, "map it to an attribute, or say 'from: applicant'")


_RULES: tuple[Callable[[Described, Supply], Iterator[Finding]], ...] = (
    _unsatisfied, _breach, _catch_all, _deadline, _unmapped,
)  # fmt: skip


def _differently_named(found: list[Described], supplied: Supply) -> Iterator[Finding]:
    """Tell materials that are one thing of ours, and that departments call by other names than the most do."""
    by: dict[tuple[tuple[str, str], str], dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for item in found:
        for each in item.materials:
            targets = [target for target in each.targets if target[0] != "result"] or list(
                supplied.names.targets(each.label)
            )
            if len(targets) == 1 or (targets and each.targets):
                by[targets[0], each.party][each.label].add((item.department, item.id))
    for labels in by.values():
        departments = {department for users in labels.values() for department, _ in users}
        if len(labels) < 2 or len(departments) < 2:
            continue
        usual = max(labels, key=lambda label: (len(labels[label]), label))
        elsewhere = {department for department, _ in labels[usual]}
        for label, users in labels.items():
            for department, item_id in users if label != usual else ():
                if elsewhere - {department}:
                    yield Finding("differently_named", item_id, label, f"elsewhere: {usual}")


def _unlike(found: list[Described]) -> Iterator[Finding]:
    """Tell items of one code that differ in name, basis, materials or process from the first of them."""
    by: dict[str, list[Described]] = defaultdict(list)
    for item in found:
        if item.code:
            by[item.code].append(item)
    for same in by.values():
        first = same[0]
        for other in same[1:]:
            for what, mine, theirs in _compared(first, other):
                if mine and theirs and mine != theirs:
                    only = "; ".join(sorted(mine ^ theirs))
                    detail = f"{what} not as in {first.id} ({first.where or first.department}): {only}"
                    yield Finding("unlike", other.id, what, detail)


def _compared(one: Described, two: Described) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    def parts(texts: Iterable[str]) -> frozenset[str]:
        return frozenset("".join(text.split()) for text in texts)

    yield "name", parts([one.name]), parts([two.name])
    yield "basis", parts(one.basis), parts(two.basis)
    yield "materials", parts(plain(m.label) for m in one.materials), parts(plain(m.label) for m in two.materials)
    yield "process", parts(["→".join(one.process)]), parts(["→".join(two.process)])
