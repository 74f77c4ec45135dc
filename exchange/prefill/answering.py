"""What a prefill answers, as JSON's types; and the claims that are attested in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from catalog.assessment import Asked, explained
from catalog.notice import Condition
from catalog.prefill.earlier import Copied, Kept, copies, offers
from catalog.prefill.materials import Need, Obtain, Proof
from catalog.prefill.needs import Field, Needs
from catalog.prefill.view import Licence, PartyView, Stated
from licence_vault.attestations import Claim
from schemas.conditions import Test, tests
from schemas.logic import Found
from schemas.model import Declarations
from schemas.service_items import Item, Promise, Words

CONDITIONS = "conditions."
Json = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A prefill as it is told: the answer's parts, and the claims with the parts that their attestations go into."""

    parts: Json
    claims: list[tuple[Claim, Json]]


@dataclass(frozen=True)
class Teller:
    """Tells needs. `views` as they were judged on; `numbers` of the parties, for whom what is attested."""

    known: Declarations
    views: Mapping[str, Mapping[str, PartyView]]
    numbers: Mapping[str, str]
    on: date
    earlier: tuple[Kept, ...] = ()
    counting: Mapping[str, bool] = field(default_factory=dict)

    def told(self, found: Needs) -> Told:
        """Return the answer's parts and its claims."""
        codes = frozenset(item.code for item in found.notice.items)
        form = [(each, {**self._field(each), "offered": self._offers(each, codes)}) for each in found.form]
        conditions = [(each, self._condition(each)) for each in found.notice.conditions]
        claims = [(self._of_field(field), part) for field, part in form if field.stated is not None]
        claims += [(self._of_condition(each, part), part) for each, part in conditions if each.is_met is not None]
        parts = {
            "items": [self._item(item) for item in found.notice.items],
            "questions": [_question(each) for each in found.notice.questions],
            "conditions": [part for _, part in conditions],
            "materials": [self._material(each) for each in found.materials],
            "form": [part for _, part in form],
            "earlier": {
                "cases": [{"case": k.case, "items": list(k.items), "kept_on": k.kept_on} for k in self.earlier],
                "attachments": [
                    _copied(each) for each in copies(self.known, self.earlier, found, self.on, self.counting)
                ],
            },
        }
        return Told(parts, claims)

    def _offers(self, each: Field, codes: frozenset[str]) -> list[Json]:
        return [
            {"how": offer.how, "case": offer.case, "kept_on": offer.kept_on, "value": offer.value}
            for offer in offers(each, self.earlier, codes)
        ]

    def _item(self, item: Item) -> Json:
        department = self.known.departments[item.department]
        return {
            "name": item.name, "code": item.code, "label": both(item.label), "department": item.department,
            "department_label": {"zh": department.name, "en": department.name_en}, "legal_days": item.legal_days,
            "promised_days": item.promised_days, "visits": item.visits,
        }  # fmt: skip

    def _codes(self, names: tuple[str, ...]) -> list[str]:
        return [self.known.items[name].code for name in names]

    def _field(self, each: Field) -> Json:
        stated = each.stated
        told = _stated(stated, self.on) if stated is not None else dict.fromkeys(_STATED)
        return {
            "field": each.id, "label": both(each.entry.label), "items": self._codes(each.entry.items),
            "names": {self.known.items[item].code: name for item, name in each.entry.names.items()},
            "state": each.state, "is_needed": each.entry.is_needed, **told,
            "doubts": list(stated.doubts if stated is not None else ()), "filled_for": self._codes(each.filled_for),
            "attestation": None,
        }  # fmt: skip

    def _condition(self, each: Condition) -> Json:
        return {
            "condition": condition_id(each), "label": both(each.label), "items": self._codes(each.items),
            "is_met": each.is_met, "why": explained(each.why), "proof": self._proof(each), "attestation": None,
        }  # fmt: skip

    def _proof(self, each: Condition) -> list[Json]:
        """Return where what decided a condition is from, without the values: they may be granted for judging only."""
        decisive = {reason.test for reason in each.why}
        found = []
        for test in self._tests(each):
            subject, views = test.subject, self.views[each.items[0]]
            if str(test) not in decisive or not subject.party:
                continue
            view = views.get(subject.party, PartyView())
            origin = view.origins.get(subject.name)
            told: Json = {"resource": None, "department": None, "observed_on": None}
            if origin is not None:
                told = {"resource": origin.resource, "department": origin.department, "observed_on": origin.observed_on}
            held = [x.id for x in view.licences.get(subject.name, ()) if x.is_in_force(self.on)]
            licence = held[0] if subject.kind == "licence" and held else None
            found.append({"test": str(test), **told, "licence": licence})
        return found

    def _tests(self, each: Condition) -> list[Test]:
        item = self.known.items[each.items[0]]
        return [
            test for r in item.requirements if r.name == each.names[item.name] and r.met_if for test in tests(r.met_if)
        ]

    def _material(self, need: Need) -> Json:
        demand = need.demand
        return {
            "label": both(demand.label), "also_called": [both(name) for name in demand.several],
            "items": self._codes(demand.items), "state": need.state,
            "names": {self.known.items[item].code: name for item, name in demand.names.items()},
            "states": {self.known.items[item].code: state for item, state in need.by_item.items()},
            "why": {self.known.items[item].code: explained(why) for item, why in demand.why.items()},
            "ways": [{"kind": way.kind, "party": way.party, "name": way.name} for way in demand.ways],
            **self._by(need.proof), "not_in_force": [_licence(each) for each in need.not_in_force],
            "obtain": [self._obtain(each) for each in need.obtain],
            "promises": [{**_promise(one), "items": self._codes(names)} for one, names in need.promises],
        }  # fmt: skip

    def _by(self, proof: Proof) -> Json:
        """Return what satisfies a material; all null where nothing does."""
        earlier = None if proof.earlier is None else self.known.items[proof.earlier].code
        taken = None
        if proof.taken is not None:
            taken = {"item": proof.taken.item, "case": proof.taken.case, "on": proof.taken.on}
        record = proof.record
        return {
            "licence": None if proof.licence is None else _licence(proof.licence),
            "record": None if record is None else {"resource": record.resource, "record": record.record,
                                                   "observed_on": record.observed_on},
            "value": None if proof.value is None else {
                name: each for name, each in _stated(proof.value, self.on).items() if not name.startswith("value")
            },
            "deposit": None if proof.deposit is None else vars(proof.deposit),
            "taken": taken, "earlier": earlier,
            "promised": None if proof.standing is None else vars(proof.standing),
        }  # fmt: skip

    def _obtain(self, each: Obtain) -> Json:
        department = self.known.departments.get(each.whom)
        item = self.known.items.get(each.item)
        return {
            "how": each.how, "department": each.whom or None,
            "department_label": None if department is None else {"zh": department.name, "en": department.name_en},
            "item": None if item is None else item.code, "item_label": None if item is None else both(item.label),
            "working_days": each.days,
        }  # fmt: skip

    def _of_field(self, each: Field) -> Claim:
        stated, party = each.stated, each.id.partition(".")[0]
        if stated is None:
            raise ValueError("a field without a value has nothing to be attested")
        return Claim(
            each.id, self._codes(each.filled_for), plain(stated.value), stated.resource, stated.observed_on,
            self.numbers.get(party),
        )  # fmt: skip

    def _of_condition(self, each: Condition, part: Json) -> Claim:
        sources = sorted({str(one["resource"]) for one in part["proof"] if one["resource"]})
        return Claim(part["condition"], part["items"], each.is_met, ",".join(sources), None, None)


_STATED = ("value", "value_name", "source", "observed_on", "age_days")


def condition_id(each: Condition) -> str:
    """Return the stable id of a condition among the fields of a form."""
    return f"{CONDITIONS}{each.items[0]}.{each.names[each.items[0]]}"


def both(said: Words) -> dict[str, str]:
    """Return a text in both languages."""
    return {"zh": said.zh, "en": said.en}


def plain(value: Found) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _stated(stated: Stated, on: date) -> Json:
    return {
        "value": plain(stated.value), "value_name": stated.value_name,
        "source": {"resource": stated.resource, "department": stated.department}, "observed_on": stated.observed_on,
        "age_days": stated.age_days(on),
    }  # fmt: skip


def _question(asked: Asked) -> Json:
    question = asked.question
    return {
        "name": question.name, "kind": question.kind, "label": both(question.label), "state": asked.state,
        "answers": [{"name": each.name, "label": both(each.label)} for each in question.answers],
        "answer": plain(asked.answer),
    }  # fmt: skip


_LICENCE = ("id", "type", "state", "valid_from", "valid_until", "needs_consent", "is_disputed", "presentation")


def _licence(each: Licence) -> Json:
    if not each.id:  # only that there is one may be known
        return {**dict.fromkeys(_LICENCE), "type": each.type, "state": each.state}
    return {
        "id": each.id, "type": each.type, "state": each.state, "valid_from": each.valid_from,
        "valid_until": each.valid_until, "needs_consent": each.needs_consent, "is_disputed": each.is_disputed,
        "presentation": f"/v1/licences/{each.id}/presentation",
    }  # fmt: skip


def _copied(each: Copied) -> Json:
    attachment = each.attachment
    return {
        "item": attachment.item, "material": attachment.material, "case": each.case, "how": attachment.how,
        "ref": attachment.ref, "dated_on": attachment.dated_on, "is_fresh": each.is_fresh,
    }  # fmt: skip


def _promise(said: Promise) -> Json:
    return {
        "kind": said.kind, "text": both(said.text), "what": both(said.what), "by_days": said.by_days,
        "how": both(said.how),
    }  # fmt: skip
