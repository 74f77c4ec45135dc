"""A notice as one HTML page: self-contained, in Chinese and English side by side, usable with a keyboard alone."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from catalog.notice import SOURCES, Demand, Notice
from catalog.notice_forms import MET, NEEDED, STATES, answer, days, promise
from catalog.saying import Speaker
from schemas.model import Declarations
from schemas.service_items import CHANNELS, ITEM_KINDS, STEPS, Item, Words

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
a.skip{position:absolute;left:-99rem}a.skip:focus{position:static}
:focus-visible{outline:3px solid #06c;outline-offset:2px}
[lang=en]{opacity:.8;font-size:.9em}h1 [lang=en],h2 [lang=en]{display:block}table{border-collapse:collapse;width:100%}
th,td{border:1px solid #888;padding:.3rem .5rem;text-align:left;vertical-align:top}caption{text-align:left}
nav ul{display:flex;flex-wrap:wrap;gap:1rem;list-style:none;padding:0}@media print{nav,a.skip{display:none}}
"""
_PARTS = (
    ("situation", "情形", "Situation"),
    ("conditions", "条件", "Conditions"),
    ("materials", "材料", "Materials"),
    ("form", "表单", "Form"),
    ("items", "事项与流程", "Items and process"),
    ("basis", "依据", "Basis"),
)


class _Page:
    """Writes both languages of everything."""

    def __init__(self, known: Declarations, found: Notice) -> None:
        self.known, self.found = known, found
        self.zh, self.en = Speaker(known, found.items, "zh"), Speaker(known, found.items, "en")

    def both(self, zh: str, en: str) -> str:
        return f'<span lang="zh">{escape(zh)}</span> <span lang="en">{escape(en)}</span>'

    def words(self, said: Words) -> str:
        return self.both(said.zh, said.en)

    def pair(self, said: tuple[str, str]) -> str:
        return self.both(*said)


def page(found: Notice, known: Declarations) -> str:
    """Return the page. Nothing is fetched by it and nothing runs in it."""
    made = _Page(known, found)
    bodies = (
        _situation(made), _conditions(made), _materials(made), _form(made), _items(made),
        "".join(f"<li>{made.words(basis)}</li>" for basis in found.basis),
    )  # fmt: skip
    sections = "".join(
        f'<section id="{name}" aria-labelledby="{name}-h" tabindex="-1"><h2 id="{name}-h">{made.both(zh, en)}</h2>'
        f"{f'<ul>{body}</ul>' if name == 'basis' else body}</section>"
        for (name, zh, en), body in zip(_PARTS, bodies, strict=True)
        if body
    )
    links = "".join(
        f'<li><a href="#{name}">{made.both(zh, en)}</a></li>'
        for (name, zh, en), body in zip(_PARTS, bodies, strict=True)
        if body
    )
    return (
        '<!doctype html>\n<html lang="zh"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(found.label.zh)} · {escape(found.label.en)}</title><style>{_STYLE}</style></head><body>"
        f'<a class="skip" href="#main">{made.both("跳到正文", "Skip to the content")}</a>'
        f"<header><h1>{made.words(found.label)}</h1><p>{made.words(found.about)}</p>{_head(made)}"
        f'<nav aria-label="目录 Contents"><ul>{links}</ul></nav></header>'
        f'<main id="main" tabindex="-1">{sections}</main></body></html>\n'
    )


def _table(made: _Page, headings: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{made.pair(heading)}</th>' for heading in headings)
    body = ""
    for row in rows:
        first, *rest = row
        body += f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""


def _head(made: _Page) -> str:
    found = made.found
    rows = [
        (
            made.both("承诺时限", "Promised"),
            made.both(days(found.promised_days, made.zh), days(found.promised_days, made.en)),
        ),
        (made.both("法定时限", "By law"), made.both(days(found.legal_days, made.zh), days(found.legal_days, made.en))),
        (made.both("到现场次数", "Visits"), str(found.visits)),
        (made.both("已去除重复", "Doubles removed"), str(sum(found.doubles.values()))),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _situation(made: _Page) -> str:
    rows = []
    for each in made.found.questions:
        names = {one.name: one.label for one in each.question.answers}
        said = ""
        if each.answer is not None:
            said = made.both(answer(each.answer, names, made.zh), answer(each.answer, names, made.en))
        elif each.state == "to_ask":
            said = "<br>".join(made.words(label) for label in names.values())
        rows.append((made.words(each.question.label), made.pair(STATES[each.state]), said))
    return _table(made, (("问题", "Question"), ("状态", "State"), ("回答", "Answer")), rows)


def _conditions(made: _Page) -> str:
    rows = [
        (
            made.words(each.label),
            made.pair(MET[each.is_met]),
            made.both(made.zh.reasons(each.why), made.en.reasons(each.why)),
        )
        for each in made.found.conditions
    ]
    return _table(made, (("条件", "Condition"), ("结果", "Outcome"), ("原因", "Why")), rows)


def _materials(made: _Page) -> str:
    rows = [
        (made.words(each.label), made.pair(NEEDED[each.is_needed]), _source(made, each), _why(made, each))
        for each in made.found.demands
    ]
    headings = (("材料", "Material"), ("是否需要", "Needed"), ("来源", "From"), ("原因与承诺", "Why, and promises"))
    return _table(made, headings, rows)


def _source(made: _Page, each: Demand) -> str:
    ways = "".join(f"<li>{made.both(made.zh.way(way), made.en.way(way))}</li>" for way in each.ways)
    return made.pair(SOURCES[each.source]) + (f"<ul>{ways}</ul>" if ways else "")


def _why(made: _Page, each: Demand) -> str:
    lines = dict.fromkeys((made.zh.reasons(reasons), made.en.reasons(reasons)) for reasons in each.why.values())
    found = [made.both(*line) for line in lines]
    for one, names in each.promises:
        label = made.both("可以承诺代替", "A promise will do")
        said = made.both(promise(one, made.zh), promise(one, made.en))
        if len(each.items) > len(names):
            said += " ".join(made.words(item.label) for item in made.found.items if item.name in names)
        found.append(f"<details><summary>{label}</summary>{said}</details>")
    return "<br>".join(found)


def _form(made: _Page) -> str:
    rows = []
    for each in made.found.form:
        if each.is_needed is False:
            continue
        source = made.both("申请人填写", "the applicant")
        if each.way is not None:
            source = made.both(made.zh.way(each.way), made.en.way(each.way))
        rows.append((made.words(each.label), made.pair(NEEDED[each.is_needed]), source))
    return _table(made, (("表项", "Field"), ("是否需要", "Needed"), ("来源", "From")), rows)


def _items(made: _Page) -> str:
    headings = (
        ("事项", "Item"),
        ("部门", "Department"),
        ("时限", "Deadline"),
        ("方式与流程", "Way and process"),
        ("结果", "Result"),
    )
    return _table(made, headings, [_item(made, item) for item in made.found.items])


def _item(made: _Page, item: Item) -> tuple[str, ...]:
    department = made.known.departments[item.department]
    deadline = f"{made.pair(ITEM_KINDS[item.kind])}<br>" + made.both(
        days(item.promised_days, made.zh), days(item.promised_days, made.en)
    )
    ways = ", ".join(made.pair(CHANNELS[each]) for each in item.channels)
    process = " → ".join(made.pair(STEPS[each]) for each in item.process)
    results = "<br>".join(made.words(result.label) for result in item.results)
    services = "".join(
        f"<br>{made.both('中介服务', 'Intermediary service')}: {made.words(each.label)}" for each in item.intermediaries
    )
    return (
        f"{escape(item.code)} {made.words(item.label)}", made.both(department.name, department.name_en), deadline,
        f"{ways}<br>{process}{services}", results,
    )  # fmt: skip
