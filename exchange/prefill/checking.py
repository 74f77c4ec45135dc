"""A form that was handed in, held against its attestations and against what its sources say by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exchange.counter import Counter
from exchange.prefill.answering import condition_id, plain
from exchange.prefill.filling import Filled
from onefile.verify.attestation import told
from onefile.verify.form import REASONS, STALE, UNTOUCHED, Checked, Form, Submitted, check_form


def check(
    counter: Counter, filled: Filled, batches: Iterable[str], fields: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:  # fmt: skip
    """Return for each field of a form what it is; what is stale is told, and never the new value."""
    submitted = tuple(
        Submitted(each["field"], each["value"], each["attestation"], each["is_amended"], tuple(each["items"]))
        for each in fields
    )
    codes = tuple(item.code for item in filled.items)
    form = Form(filled.case.number, codes, tuple(batches), submitted, filled.numbers)
    present = _present(filled)
    return [_told(each, present) for each in check_form(form, counter.vault.trust, counter.now())]


def _present(filled: Filled) -> dict[str, str]:
    """Return what sources say by now, of fields and conditions that may be known."""
    values = {each.id: told(plain(each.stated.value)) for each in filled.needs.form if each.stated is not None}
    judged = {
        condition_id(each): told(each.is_met)
        for each in filled.needs.notice.conditions if each.is_met is not None
    }  # fmt: skip
    return {**values, **judged}


def _told(checked: Checked, present: Mapping[str, str]) -> dict[str, Any]:
    state, reason, is_current = checked.state, checked.reason, None
    if checked.statement is not None and checked.name in present:
        is_current = present[checked.name] == told(checked.statement.value)
        if state == UNTOUCHED and not is_current:
            state, reason = STALE, "source_changed"
    said = REASONS.get(reason)
    return {
        "field": checked.name, "state": state, "reason": reason or None,
        "reason_label": None if said is None else {"zh": said[0], "en": said[1]}, "is_current": is_current,
    }  # fmt: skip
