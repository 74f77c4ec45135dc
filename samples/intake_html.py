"""The reference intake page as HTML: no script, works with a keyboard; whatever comes from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STATES = {
    "missing": "需提交",
    "open_to_promise": "需提交，可承诺",
    "promised": "已承诺",
    "not_available": "此处不可得，请提交",
    "depends": "视情形",
    "earlier": "由前一事项产生，免提交",
    "taken": "前一阶段已收，免提交",
    "deposited": "已存，免提交",
    "held": "已有，免提交",
    "not_needed": "此情形无需",
}
CHECKED = {
    "untouched": "未改动",
    "amended": "申请人已修改",
    "stale": "已过时",
    "tampered": "被篡改",
    "never_attested": "申请人自填",
}
STARTING = {
    "draft": "草稿编号",
    "item": "事项编码",
    "department": "办理部门",
    "applicant": "申请人号码",
    "agent": "来办人号码",
}
CARRIED = ("draft", "item", "department", "applicant", "agent")
_STYLE = "body{font:16px sans-serif;max-width:46em;margin:2em auto}label{display:block;margin-top:1em}small{color:#555}"


def page(title: str, body: str) -> str:
    """Return a whole page."""
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}</html>"
    )


def start_page() -> str:
    """Return the page on which an application begins."""
    fields = "".join(
        f'<label>{label} <input name="{name}" autocomplete="off"></label>' for name, label in STARTING.items()
    )
    return page("办事申请", f'<form method="post" action="/form">{fields}<p><button id="go">开始</button></form>')


def form_page(told: Mapping[str, str], answer: Mapping[str, Any]) -> str:
    """Return the form already filled, with what is still missing and what is to be answered."""
    answers = {q["name"]: q["answer"] for q in answer["questions"] if q["state"] == "answered"}
    carried = "".join(f'<input type="hidden" name="{name}" value="{escape(told[name])}">' for name in CARRIED)
    title = "、".join(item["label"]["zh"] for item in answer["items"])
    batch = answer["attestations"]["batch"] if answer["attestations"] else ""
    kept = escape(json.dumps(answers, ensure_ascii=False))
    return page(title, "".join((
        '<form method="post" action="/form" id="situation">', carried, *_questions(answer), "</form>",
        "<h2>材料</h2><ul id=materials>", *_materials(answer), "</ul>",
        '<h2>表单</h2><form method="post" action="/submit" id="form">', carried,
        f'<input type="hidden" name="batch" value="{escape(batch)}">',
        f'<input type="hidden" name="answers" value="{kept}">', *_fields(answer),
        '<p><button id="submit">提交</button></form>',
    )))  # fmt: skip


def _questions(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the questions that are asked or were answered, and a button where one is open."""
    shown = [each for each in answer["questions"] if each["state"] in ("to_ask", "answered")]
    yield "<h2>情形</h2>" if shown else ""
    for each in shown:
        name = f"answer:{each['name']}"
        options = each["answers"] or [{"name": "yes", "label": {"zh": "是"}}, {"name": "no", "label": {"zh": "否"}}]
        given = {True: "yes", False: "no"}.get(each["answer"], each["answer"])
        yield f"<label>{escape(each['label']['zh'])} "
        if each["kind"] in ("number", "day"):
            yield f'<input name="{escape(name)}" value="{escape(str(given or ""))}"></label>'
            continue
        chosen = "".join(
            f'<option value="{escape(o["name"])}"{" selected" if o["name"] == given else ""}>{escape(o["label"]["zh"])}'
            for o in options
        )
        yield f'<select name="{escape(name)}"><option value="">请选择{chosen}</select></label>'
    yield "<p><button id=again>重新判断</button>" if shown else ""


def _materials(answer: Mapping[str, Any]) -> Iterator[str]:
    for each in answer["materials"]:
        whom = [o["item_label"] or o["department_label"] for o in each["obtain"]]
        where = "，".join(w["zh"] for w in whom if w)
        text = f"{each['label']['zh']}：{STATES[each['state']]}" + (f"（{where}）" if where else "")
        yield f'<li data-state="{each["state"]}">{escape(text)}</li>'


def _fields(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield each field with its value, where it is from and how old it is, and its attestation beside it."""
    for each in answer["form"]:
        if each["state"] == "not_needed":
            continue
        name, offered = escape(each["field"]), each["offered"][0]["value"] if each["offered"] else ""
        value = each["value"] if each["state"] == "filled" else offered
        proof = json.dumps(each["attestation"], ensure_ascii=False) if each["attestation"] else ""
        shown = escape(str(value or ""))
        yield f'<label>{escape(each["label"]["zh"])} <input name="value:{name}" value="{shown}"></label>'
        yield f'<input type="hidden" name="attestation:{name}" value="{escape(proof)}">'
        if each["state"] == "filled":
            doubts = f"，存疑：{'、'.join(each['doubts'])}" if each["doubts"] else ""
            yield f"<small>来源 {escape(each['source']['resource'])}，{each['age_days']} 天前{escape(doubts)}</small> "
            yield f'<small><label><input type="checkbox" name="amended:{name}"> 我已修改</label></small>'


def check_page(told: Mapping[str, str], checked: Mapping[str, Any]) -> str:
    """Return what the check says of each field."""
    rows = "".join(
        f'<tr data-field="{escape(each["field"])}" data-state="{each["state"]}"><td>{escape(each["field"])}<td>'
        f"{CHECKED[each['state']]}<td>{escape(each['reason_label']['zh'] if each['reason_label'] else '')}"
        for each in checked["fields"]
    )
    return page("提交结果", f'<p>办件 {escape(told["draft"])}</p><table id="check">{rows}</table>')


def refused_page(code: str, why: str) -> str:
    """Return the counter's refusal."""
    return page("未能办理", f'<p id="refused" data-code="{escape(code)}">{escape(why)}</p>')
