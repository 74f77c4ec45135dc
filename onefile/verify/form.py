"""A form as it was handed in, held field by field against what it was filled with: offline.

`{"format": "onefile.form/1", "case", "items": […], "batches": [JWS …], "fields": [{"field", "value", "attestation",
"is_amended", "items"}]}`: `batches` and `attestation` as the prefill gave them, `is_amended` says that the applicant
changed the value. What a field is in the end:

- `untouched`: the value that was attested, for this case, item and field;
- `amended`: the applicant changed a value that was attested, and the form says so;
- `stale`: the attestation's time is over, or (where the counter checks) its source says otherwise by now;
- `tampered`: the attestation is not what was signed, is another case's, item's, field's or subject's, or the value
  differs and nobody says that the applicant changed it;
- `never_attested`: there is none: the applicant's own word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from onefile.verify.attestation import (
    SKEW,
    Attestation,
    Batch,
    MalformedAttestation,
    Statement,
    of_subject,
    open_batch,
    open_statement,
    read_attestation,
    told,
)
from onefile.verify.errors import Malformed, VerificationError
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.form/1"
UNTOUCHED, AMENDED, STALE, TAMPERED, NEVER = "untouched", "amended", "stale", "tampered", "never_attested"
MOST_FIELDS, MOST_BATCHES = 2000, 50


class MalformedForm(Malformed):
    """The bytes are no `onefile.form/1`."""

    exit_code = 1
    paper = ("form", "表单")


@dataclass(frozen=True)
class Submitted:
    """A field as it was handed in. `items`: those that it is for; empty: those of the form that ask it."""

    name: str
    value: object = field(repr=False)
    attestation: object = field(repr=False)
    is_amended: bool
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A form as it was handed in. `numbers` are the subjects' by party, where whose values they are is to be judged."""

    case: str
    items: tuple[str, ...]
    batches: tuple[str, ...]
    fields: tuple[Submitted, ...]
    numbers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Checked:
    """What a field is: one of the words above, and the code of the reason (of REASONS), empty where it needs none."""

    name: str
    state: str
    reason: str = ""
    statement: Statement | None = field(default=None, repr=False)


REASONS: Mapping[str, tuple[str, str]] = {
    "altered": ("凭证被改动，或不是数据局所签", "the attestation is not what the bureau signed"),
    "other_case": ("凭证属于另一办件", "the attestation is another case's"),
    "other_item": ("凭证不是为该事项出具的", "the attestation was not made for this item"),
    "other_field": ("凭证属于另一表项", "the attestation is another field's"),
    "other_subject": ("凭证属于另一主体", "the attestation is about somebody else"),
    "value_differs": ("数值与凭证不同，且未注明申请人修改",
                      "the value differs, and nobody says that the applicant did it"),
    "not_yet": ("凭证时间未到", "the attestation is from the future"),
    "twice": ("同一表项提交了两次", "the field was handed in twice"),
    "expired": ("凭证已过有效期", "the attestation's time is over"),
    "source_changed": ("数据源已有新值", "the source says otherwise by now"),
}  # fmt: skip


def read_form(data: bytes) -> Form:
    """Return the form in a file; MalformedForm when it is none."""
    top = Record(parse(data, MalformedForm), "the form", MalformedForm)
    top.choice("format", (FORMAT,))
    fields = [Record(each, "a field", MalformedForm) for each in top.items("fields")]
    batches = top.texts("batches")
    if len(fields) > MOST_FIELDS or len(batches) > MOST_BATCHES:
        raise MalformedForm(f"more than {MOST_FIELDS} fields or {MOST_BATCHES} batches")
    return Form(
        top.text("case"), tuple(top.texts("items")), tuple(batches),
        tuple(_submitted(each) for each in fields),
    )  # fmt: skip


def _submitted(record: Record) -> Submitted:
    is_amended = record.take("is_amended") if record.has("is_amended") else False
    if not isinstance(is_amended, bool):
        raise record.wrong("is_amended", "true or false")
    return Submitted(
        record.text("field"), record.take("value"), record.take("attestation") if record.has("attestation") else None,
        is_amended, tuple(record.texts("items")) if record.has("items") else (),
    )  # fmt: skip


def check_form(form: Form, trust: Trust, at: datetime) -> list[Checked]:
    """Hold each field of a form against its attestation, in their order; nothing in it can make this fail.

    Args:
        form: its case and items are the asker's own: those that the form was handed in for.
        trust: the keys that are believed; only those for `attestations` count.
        at: the present instant.
    """
    batches = _opened(form, trust)
    found, seen = [], set[str]()
    for each in form.fields:
        found.append(Checked(each.name, TAMPERED, "twice") if each.name in seen else _check(each, form, batches, at))
        seen.add(each.name)
    return found


def _opened(form: Form, trust: Trust) -> dict[bytes, Batch]:
    """Return the batches that are the bureau's by their roots; others attest nothing."""
    return {batch.root: batch for token in form.batches for batch in _genuine(token, trust)}


def _genuine(token: str, trust: Trust) -> Iterator[Batch]:
    try:
        found = open_batch(token, trust)
    except VerificationError:
        return
    yield found


def _check(given: Submitted, form: Form, batches: Mapping[bytes, Batch], at: datetime) -> Checked:
    if given.attestation is None:
        return Checked(given.name, NEVER)
    try:
        attestation: Attestation = read_attestation(given.attestation)
        batch = batches.get(attestation.root)
        if batch is None:
            return Checked(given.name, TAMPERED, "altered")
        stated = open_statement(attestation, batch)
    except (VerificationError, MalformedAttestation):
        return Checked(given.name, TAMPERED, "altered")
    fault = _fault(given, form, stated) or ("not_yet" if at + SKEW < batch.made_at else "")
    if fault:
        return Checked(given.name, TAMPERED, fault, stated)
    is_same = told(given.value) == told(stated.value)
    if not is_same:
        return Checked(given.name, *((AMENDED, "") if given.is_amended else (TAMPERED, "value_differs")), stated)
    return Checked(given.name, *((STALE, "expired") if at > batch.ends_at else (UNTOUCHED, "")), stated)


def _fault(given: Submitted, form: Form, stated: Statement) -> str:
    """Return why an attestation is not one for this field of this form; empty where it is."""
    if stated.case != form.case:
        return "other_case"
    if stated.name != given.name:
        return "other_field"
    is_for = set(given.items) <= set(stated.items) if given.items else bool(set(form.items) & set(stated.items))
    if not is_for:
        return "other_item"
    number = form.numbers.get(given.name.partition(".")[0])
    if number is not None and stated.subject not in (None, of_subject(stated.salt, number)):
        return "other_subject"
    return ""
