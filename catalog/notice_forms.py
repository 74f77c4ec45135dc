"""A notice as JSON and as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from catalog.assessment import explained
from catalog.notice import SOURCES, Notice
from catalog.saying import Speaker
from schemas.logic import Found
from schemas.model import Declarations
from schemas.service_items import CHANNELS, ITEM_KINDS, PROMISE_KINDS, STEPS, Item, Promise, Way, Words

FORMAT = "onefile.notice/1"
NEEDED: Mapping[bool | None, tuple[str, str]] = {
    True: ("需要", "needed"),
    False: ("不需要", "not needed"),
    None: ("视情形", "depends"),
}
MET: Mapping[bool | None, tuple[str, str]] = {
    True: ("符合", "met"),
    False: ("不符合", "not met"),
    None: ("待核实", "not known"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "answered": ("已回答", "answered"),
    "known": ("已知", "known already"),
    "to_ask": ("请回答", "to be answered"),
    "not_needed": ("无需回答", "need not be answered"),
}
DOUBLES: Mapping[str, tuple[str, str]] = {
    "questions": ("问题", "questions"),
    "materials": ("材料", "materials"),
    "fields": ("表项", "fields"),
    "conditions": ("条件", "conditions"),
}


def days(count: int | None, speaker: Speaker) -> str:
    """Say a deadline in working days."""
    if count is None:
        return speaker.choose("法律未规定", "none set by law")
    return speaker.choose(f"{count} 个工作日", f"{count} working days") if count else speaker.choose("即办", "at once")


def answer(found: Found, names: Mapping[str, Words], speaker: Speaker) -> str:
    """Say an answer to a question."""
    if isinstance(found, bool):
        return speaker.choose("是", "yes") if found else speaker.choose("否", "no")
    return speaker.words(names[found]) if isinstance(found, str) and found in names else str(found)


def as_json(found: Notice) -> dict[str, object]:
    """Return the notice as JSON's types, in both languages."""
    return {
        "format": FORMAT,
        "name": found.name,
        "label": _both(found.label),
        "about": _both(found.about),
        "items": [_item(item) for item in found.items],
        "questions": [
            {
                "name": each.question.name,
                "kind": each.question.kind,
                "label": _both(each.question.label),
                "answers": [{"name": a.name, "label": _both(a.label)} for a in each.question.answers],
                "state": each.state,
                "answer": _plain(each.answer),
            }
            for each in found.questions
        ],
        "conditions": [
            {"label": _both(c.label), "items": list(c.items), "is_met": c.is_met, "why": explained(c.why)}
            for c in found.conditions
        ],
        "materials": [
            {
                "label": _both(each.label),
                "also_called": [_both(name) for name in each.several],
                "items": list(each.items),
                "is_needed": each.is_needed,
                "why": {name: explained(reasons) for name, reasons in each.why.items()},
                "source": each.source,
                "ways": [_way(way) for way in each.ways],
                "earlier": list(each.earlier),
                "promises": [{**_promise(one), "items": list(names)} for one, names in each.promises],
            }
            for each in found.demands
        ],
        "form": [
            {
                "label": _both(each.label),
                "items": list(each.items),
                "is_needed": each.is_needed,
                "from": None if each.way is None else _way(each.way),
            }
            for each in found.form
        ],
        "basis": [_both(basis) for basis in found.basis],
        "promised_days": found.promised_days,
        "legal_days": found.legal_days,
        "visits": found.visits,
        "doubles_removed": dict(found.doubles),
    }


def _item(item: Item) -> dict[str, object]:
    return {
        "name": item.name, "code": item.code, "label": _both(item.label), "department": item.department,
        "level": item.level, "kind": item.kind, "legal_days": item.legal_days, "promised_days": item.promised_days,
        "visits": item.visits, "channels": list(item.channels), "process": list(item.process),
        "results": [_both(result.label) for result in item.results],
        "intermediaries": [{"label": _both(i.label), "basis": _both(i.basis)} for i in item.intermediaries],
    }  # fmt: skip


def _both(said: Words) -> dict[str, str]:
    return {"zh": said.zh, "en": said.en}


def _way(way: Way) -> dict[str, str]:
    return {"kind": way.kind, "party": way.party, "name": way.name}


def _promise(promise: Promise) -> dict[str, object]:
    return {
        "kind": promise.kind, "text": _both(promise.text), "what": _both(promise.what), "by_days": promise.by_days,
        "how": _both(promise.how),
    }  # fmt: skip


def _plain(found: Found) -> object:
    if isinstance(found, date):
        return found.isoformat()
    return str(found) if isinstance(found, Decimal) else found


def as_text(found: Notice, known: Declarations, lang: str) -> str:
    """Return the notice as plain text in one language."""
    speaker = Speaker(known, found.items, lang)
    parts = [
        [speaker.words(found.label), speaker.words(found.about), "", *_head(found, speaker)],
        *(part for part in (_asked(found, speaker), _conditions(found, speaker)) if len(part) > 1),
        _materials(found, speaker),
        _fields(found, speaker),
        _items(found, known, speaker),
        [speaker.choose("依据", "Basis"), *(f"  {speaker.words(basis)}" for basis in found.basis)],
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _head(found: Notice, speaker: Speaker) -> list[str]:
    removed = ", ".join(f"{speaker.choose(*DOUBLES[name])} {count}" for name, count in found.doubles.items())
    return [
        f"{speaker.choose('承诺时限', 'Promised')}: {days(found.promised_days, speaker)}",
        f"{speaker.choose('法定时限', 'By law')}: {days(found.legal_days, speaker)}",
        f"{speaker.choose('到现场次数', 'Visits')}: {found.visits}",
        f"{speaker.choose('已去除重复', 'Doubles removed')}: {removed}",
    ]


def _asked(found: Notice, speaker: Speaker) -> list[str]:
    lines = [speaker.choose("情形", "Situation")]
    for each in found.questions:
        said = speaker.choose(*STATES[each.state])
        names = {one.name: one.label for one in each.question.answers}
        if each.answer is not None:
            said = f"{answer(each.answer, names, speaker)} ({said})"
        elif each.state == "to_ask" and names:
            said += ": " + speaker.choose("、", ", ").join(f"{n} {speaker.words(w)}" for n, w in names.items())
        lines.append(f"  {each.question.name}  {speaker.words(each.question.label)}: {said}")
    return lines


def _conditions(found: Notice, speaker: Speaker) -> list[str]:
    lines = [speaker.choose("条件", "Conditions")]
    for each in found.conditions:
        why = f" ({speaker.reasons(each.why)})" if each.why else ""
        lines.append(f"  {speaker.words(each.label)}: {speaker.choose(*MET[each.is_met])}{why}")
    return lines


def _materials(found: Notice, speaker: Speaker) -> list[str]:
    lines = [speaker.choose("材料", "Materials")]
    for each in found.demands:
        lines.append(f"  [{speaker.choose(*NEEDED[each.is_needed])}] {speaker.words(each.label)}")
        lines.append(f"      {speaker.choose(*SOURCES[each.source])}")
        if each.ways:
            lines.append(f"      {speaker.choose('；', '; ').join(speaker.way(way) for way in each.ways)}")
        why = list(dict.fromkeys(speaker.reasons(reasons) for reasons in each.why.values()))
        lines += [f"      {line}" for line in why]
        for one, names in each.promises:
            labels = [speaker.words(item.label) for item in found.items if item.name in names]
            only = f" [{speaker.choose('、', ', ').join(labels)}]" if len(each.items) > len(names) else ""
            lines.append(f"      {promise(one, speaker)}{only}")
    return lines


def promise(said: Promise, speaker: Speaker) -> str:
    """Say a promise: its kind, its text, what, by when and how."""
    by = speaker.choose(f"{said.by_days} 个工作日内", f"within {said.by_days} working days")
    kind = speaker.choose(*PROMISE_KINDS[said.kind])
    return f"{kind}: {speaker.words(said.text)} ({speaker.words(said.what)}, {by}; {speaker.words(said.how)})"


def _fields(found: Notice, speaker: Speaker) -> list[str]:
    lines = [speaker.choose("表单", "Form")]
    for each in found.form:
        if each.is_needed is not False:
            source = speaker.way(each.way) if each.way is not None else speaker.choose("申请人填写", "the applicant")
            lines.append(f"  {speaker.words(each.label)}: {source}")
    return lines


def _items(found: Notice, known: Declarations, speaker: Speaker) -> list[str]:
    lines = [speaker.choose("事项", "Items")]
    for item in found.items:
        department = known.departments[item.department]
        name = speaker.choose(department.name, department.name_en)
        kind = speaker.choose(*ITEM_KINDS[item.kind])
        lines.append(f"  {item.code}  {speaker.words(item.label)}  {name}  {kind}  {days(item.promised_days, speaker)}")
        for label, names in (("办理方式", item.channels), ("流程", item.process)):
            table = CHANNELS if label == "办理方式" else STEPS
            said = speaker.choose("、", ", ").join(speaker.choose(*table[each]) for each in names)
            lines.append(f"      {speaker.choose(label, {'办理方式': 'ways', '流程': 'process'}[label])}: {said}")
        results = speaker.choose("、", ", ").join(speaker.words(result.label) for result in item.results)
        lines.append(f"      {speaker.choose('结果', 'result')}: {results}")
        for each in item.intermediaries:
            told = f"{speaker.words(each.label)} ({speaker.words(each.basis)})"
            lines.append(f"      {speaker.choose('中介服务', 'intermediary service')}: {told}")
    return lines
