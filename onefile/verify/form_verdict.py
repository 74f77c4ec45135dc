"""The verdict on a form that was handed in: each field with what it is, in a word and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from onefile.verify.form import AMENDED, NEVER, REASONS, STALE, TAMPERED, UNTOUCHED, Checked, check_form, read_form
from onefile.verify.licence_verdict import printable
from onefile.verify.trust import read_trust

STATES: Mapping[str, tuple[str, str]] = {
    UNTOUCHED: ("未改动", "untouched"),
    AMENDED: ("申请人已修改", "amended by the applicant"),
    STALE: ("已过时", "stale"),
    TAMPERED: ("被篡改", "tampered with"),
    NEVER: ("无凭证，申请人自填", "never attested: the applicant's own word"),
}


@dataclass(frozen=True)
class FormVerdict:
    """What the fields of a form are, for a case and items."""

    case: str
    items: tuple[str, ...]
    fields: tuple[Checked, ...]

    @property
    def code(self) -> str:
        """The worst that is to be said: tampered, stale, else genuine."""
        found = {each.state for each in self.fields}
        return next((state for state in (TAMPERED, STALE) if state in found), "genuine")

    @property
    def exit_code(self) -> int:
        """4: a field was tampered with; 3: one is stale; 0: neither."""
        return {TAMPERED: 4, STALE: 3}.get(self.code, 0)


def judge_form(data: bytes, trust: bytes, at: datetime, case: str = "", items: tuple[str, ...] = ()) -> FormVerdict:
    """Check a form that was handed in.

    Args:
        data, trust: the bytes of the files.
        at: the present instant.
        case, items: what it was handed in for; empty: what it says itself, which proves nothing of another case's form.

    Raises:
        MalformedForm, MalformedTrust: the files cannot be used.
    """
    form = read_form(data)
    form = replace(form, case=case or form.case, items=items or form.items)
    return FormVerdict(form.case, form.items, tuple(check_form(form, read_trust(trust), at)))


def told(verdict: FormVerdict, lang: str) -> str:
    """Return the verdict in sentences, a line for each field; no value is repeated."""
    place = 0 if lang == "zh" else 1
    head = {
        "zh": f"办件 {printable(verdict.case)} 的表单，{len(verdict.fields)} 项",
        "en": f"the form of case {printable(verdict.case)}, {len(verdict.fields)} fields",
    }[lang]
    lines = []
    for each in verdict.fields:
        why = f" ({REASONS[each.reason][place]})" if each.reason else ""
        lines.append(f"  {printable(each.name)}: {STATES[each.state][place]}{why}")
    return "\n".join([head, *lines])


def as_json(verdict: FormVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    return {
        "verdict": verdict.code,
        "words": told(verdict, lang).split("\n")[0],
        "case": verdict.case,
        "items": list(verdict.items),
        "fields": [{"field": each.name, "state": each.state, "reason": each.reason or None} for each in verdict.fields],
    }
