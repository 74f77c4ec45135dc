"""docs/reference/items.md: every service item with what it demands, the bundles, and the kinds of shared material."""

from __future__ import annotations

from collections.abc import Mapping

import catalog
from catalog.item_checks import KINDS
from catalog.mapping_words import COMMON
from catalog.saying import Speaker
from catalog.steps import STEPS as CLEANING
from schemas.model import Declarations
from schemas.service_items import CHANNELS, ITEM_KINDS, PROMISE_KINDS, STEPS, Bundle, Item, MaterialKind
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
Service items, the bundles in which they are told and asked once, and the kinds of material that are kept for them, as
declared. How to declare one: [declarations](declarations.md#items); what is asked of one: [describe
items](../how-to/describe-items.md).
"""


def page() -> str:
    """Return the page."""
    known = catalog.load().declarations
    return made(
        "Service items",
        INTRODUCTION,
        "## Bundles",
        table(("bundle", "一件事", "name", "items in order"), [_bundle(each) for each in known.bundles.values()]),
        "## Kinds of shared material",
        table(
            ("material", "材料", "name", "department", "of", "fresh days", "about"),
            [_material(each) for each in known.materials.values()],
        ),
        "## Words",
        *(_words(name, words) for name, words in _CLOSED.items()),
        "## Findings of `onefile items check`",
        table(("finding", "中文", "means"), [(code(kind), zh, en) for kind, (zh, en) in KINDS.items()]),
        "## Steps of a mapping",
        table(("step", "does", "written"), [(code(n), kind.about, code(kind.example)) for n, kind in CLEANING.items()]),
        "Words that `table: common` knows:",
        table(("field", "ours", "theirs"), [row for field in COMMON for row in _common(field)]),
        *(_item(item, known) for item in known.items.values()),
    )


_CLOSED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "kind": ITEM_KINDS,
    "channels": CHANNELS,
    "process": STEPS,
    "kind of a promise": PROMISE_KINDS,
}


def _words(name: str, words: Mapping[str, tuple[str, str]]) -> str:
    return table((name, "中文", "means"), [(code(word), zh, en) for word, (zh, en) in words.items()])


def _common(field: str) -> list[tuple[str, str, str]]:
    ours: dict[str, list[str]] = {}
    for theirs, our in COMMON[field].items():
        ours.setdefault(our, []).append(theirs)
    return [(code(field), code(our), ", ".join(theirs)) for our, theirs in ours.items()]


def _bundle(bundle: Bundle) -> tuple[str, ...]:
    return (code(bundle.name), bundle.label.zh, bundle.label.en, ", ".join(map(code, bundle.items)))


def _material(material: MaterialKind) -> tuple[str, ...]:
    return (
        code(material.name), material.label.zh, material.label.en, code(material.department), material.holder,
        str(material.fresh_days or "no end"), material.about,
    )  # fmt: skip


def _item(item: Item, known: Declarations) -> str:
    speaker = Speaker(known, [item], "en")
    legal = "none by law" if item.legal_days is None else f"{item.legal_days} by law"
    basis = "; ".join(f"{basis.zh} ({basis.en})" for basis in item.basis)
    head = (
        f"## {item.name} · {item.label.zh}\n\n{item.label.en}. Code {code(item.code)}, {code(item.department)} "
        f"({item.level}), for a {item.subject}, {item.kind}; working days: {legal}, {item.promised_days} promised; "
        f"{item.visits} visits. Basis: {basis}. Declared in `{item.place.path}`."
    )
    rows = [
        (
            code(each.name),
            each.label.zh,
            each.label.en,
            "; ".join(speaker.way(way) for way in each.ways) or "the applicant",
            code(str(each.when)) if each.when else "always",
            each.promise.kind if each.promise else "",
        )
        for each in item.materials
    ]
    conditions = [
        f"{code(each.name)} {each.label.en}: {code(str(each.met_if)) if each.met_if else 'judged by an official'}"
        for each in item.requirements
    ]
    said = [f"Conditions: {'; '.join(conditions)}."] if conditions else []
    return "\n\n".join([head, *said, table(("material", "材料", "name", "from", "when", "promise"), rows)])
