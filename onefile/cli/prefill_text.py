"""A prefill as text for the clerk: what to ask, what is missing and how it is got, the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.notice_forms import MET
from catalog.notice_forms import STATES as ASKED
from catalog.prefill.materials import STATES
from catalog.prefill.needs import FIELD_STATES
from catalog.prefill.view import DOUBTS
from onefile.cli.tables import aligned, shown

HEADS = {
    "zh": ("事项", "情形", "条件", "材料", "表单", "历史办件附件"),
    "en": ("Items", "Situation", "Conditions", "Materials", "Form", "Attachments of earlier cases"),
}
FORM = {"zh": ("表项", "值", "来源", "观察日期", "存疑"), "en": ("field", "value", "source", "observed", "in doubt")}


def lines(told: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Yield a prefill's lines."""
    items, situation, conditions, materials, form, attachments = HEADS[lang]
    place = 0 if lang == "zh" else 1
    yield items
    yield from (f"  {each['code']}  {each['label'][lang]}  {each['department_label'][lang]}" for each in told["items"])
    asked = [each for each in told["questions"] if each["state"] != "not_needed"]
    yield from [situation] if asked else []
    for each in asked:
        answers = ", ".join(f"{one['name']} {one['label'][lang]}" for one in each["answers"])
        said = answers if each["state"] == "to_ask" else str(each["answer"])
        yield f"  {each['name']}  {each['label'][lang]}: {shown(said)} ({ASKED[each['state']][place]})"
    yield from [conditions] if told["conditions"] else []
    yield from (f"  {each['label'][lang]}: {MET[each['is_met']][place]}" for each in told["conditions"])
    yield materials
    for each in told["materials"]:
        yield f"  [{STATES[each['state']][place]}] {each['label'][lang]}"
        yield from (f"      {line}" for line in _more(each, lang))
    yield form
    rows = [_row(each, lang, place) for each in told["form"] if each["state"] != "not_needed"]
    yield aligned([FORM[lang], *rows])
    copied = told["earlier"]["attachments"]
    yield from [attachments] if copied else []
    yield from (f"  {each['material']}  {shown(each['ref'])}  ({each['case']})" for each in copied)


def _more(material: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Yield what satisfies a material, else how it is got and what may be promised."""
    if material["licence"] is not None:
        yield f"{material['licence']['type']} {material['licence']['id'] or ''}".rstrip()
    if material["promised"] is not None:
        yield f"{material['promised']['due_on']} {material['promised']['state']}"
    for each in material["obtain"]:
        whom = each["item_label"] or each["department_label"]
        if whom is not None:
            days = {"zh": "{} 个工作日", "en": "{} working days"}[lang].format(each["working_days"] or 0)
            yield f"→ {whom[lang]}" + (f", {days}" if each["working_days"] is not None else "")
    yield from (each["text"][lang] for each in material["promises"])


def _row(field: Mapping[str, Any], lang: str, place: int) -> tuple[str, ...]:
    value = field["value_name"] or field["value"]
    offered = [f"({each['value']}, {each['case']})" for each in field["offered"]]
    said = str(value) if field["state"] == "filled" else " ".join([FIELD_STATES[field["state"]][place], *offered])
    source = field["source"]["resource"] if field["source"] else "-"
    doubts = ", ".join(DOUBTS[each][place] for each in field["doubts"]) or "-"
    return field["label"][lang], said, source, field["observed_on"] or "-", doubts
