"""The parts of an item's YAML: questions, materials with what satisfies them, form fields, conditions, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.condition_reading import Sayable, read_condition
from schemas.errors import one_of
from schemas.licence_types import LicenceType
from schemas.model import SUBJECT_KINDS, OneFile, Table
from schemas.reading import Fields, Value
from schemas.service_items import (
    APPLICANT,
    NUMBER,
    PROMISE_KINDS,
    QUESTION_KINDS,
    WAY_KINDS,
    Answer,
    FormField,
    Intermediary,
    Material,
    MaterialKind,
    Party,
    Promise,
    Question,
    Requirement,
    Result,
    Way,
    Words,
)


@dataclass(frozen=True)
class Satisfying:
    """What may satisfy a material; `items` are the names of items there are, whose results may."""

    licences: Mapping[str, LicenceType]
    files: Mapping[str, OneFile]
    tables: Mapping[str, Table]
    materials: Mapping[str, MaterialKind]
    items: frozenset[str]


def words(fields: Fields, key: str = "label") -> Words:
    """Read `<key>` and `<key>_en`."""
    return Words(fields.text(key), fields.text(f"{key}_en"))


def pair(value: Value) -> Words:
    """Read `{zh: …, en: …}`."""
    fields = value.fields(("zh", "en"))
    return Words(fields.text("zh"), fields.text("en"))


def read_parties(fields: Fields, subject: str) -> dict[str, Party]:
    """Read the parties besides the applicant, who is of the item's subject kind."""
    found = {APPLICANT: Party(APPLICANT, subject, Words("申请人", "applicant"))}
    for name, key, value in fields.entries("parties"):
        party = value.fields(("kind", "label", "label_en"))
        if name == APPLICANT:
            key.refuse("the party 'applicant'", "other parties only: the applicant is always there")
        found[name] = Party(name, party.choice("kind", SUBJECT_KINDS), words(party))
    return found


def read_questions(fields: Fields, sayable: Sayable) -> dict[str, Question]:
    """Read the questions; a condition of one may speak of those before it."""
    found: dict[str, Question] = {}
    for name, key, value in fields.entries("questions"):
        so_far = replace(sayable, questions=dict(found))
        question = value.fields(("label", "label_en"), ("kind", "answers", "when"))
        kind = question.choice("kind", QUESTION_KINDS, "choice" if "answers" in question.values else "yes_no")
        answers = tuple(_answer(each, named, so_far) for each, _, named in question.entries("answers"))
        if (kind == "choice") != (len(answers) > 1):
            value.refuse(f"{len(answers)} answers of the question {name!r} of kind {kind!r}",
                         "at least two under 'answers', of kind 'choice' only")  # fmt: skip
        if name in sayable.parties:
            key.refuse(f"the question {name!r} with the name of a party", "another name")
        found[name] = Question(name, kind, words(question), read_condition(question, "when", so_far), answers)
    return found


def _answer(name: str, value: Value, sayable: Sayable) -> Answer:
    fields = value.fields(("label", "label_en"), ("known",))
    return Answer(name, words(fields), read_condition(fields, "known", sayable))


def read_materials(fields: Fields, sayable: Sayable, known: Satisfying) -> tuple[Material, ...]:
    """Read the materials. A label that is left out is that of the first licence type or kind of material."""
    found = []
    for name, _, value in fields.entries("materials"):
        entry = value.fields((), ("label", "label_en", "from", "when", "promise"))
        is_applicants, ways = _ways(entry, sayable, known)
        found.append(Material(
            name, _label(entry, ways, known), read_condition(entry, "when", sayable), ways, is_applicants,
            _promise(entry), value.place,
        ))  # fmt: skip
    return tuple(found)


def _ways(entry: Fields, sayable: Sayable, known: Satisfying) -> tuple[bool, tuple[Way, ...]]:
    value = entry.get("from")
    if value is None:
        return False, ()
    if value.kind == "str":
        value.choice((APPLICANT,))
        return True, ()
    return False, tuple(way for item in value.items() if (way := _way(item, sayable, known)) is not None)


def _way(value: Value, sayable: Sayable, known: Satisfying) -> Way | None:
    fields = value.fields((), (*WAY_KINDS, "of"))
    kinds = [kind for kind in WAY_KINDS if kind in fields.values]
    if len(kinds) != 1:
        value.refuse(f"{len(kinds)} of {', '.join(WAY_KINDS)}", "exactly one of them, like {licence: business_licence}")
        return None
    kind, name, party = kinds[0], fields.text(kinds[0]), fields.maybe("of") or APPLICANT
    if party not in sayable.parties:
        fields.values["of"].refuse(f"the party {party!r}", one_of(sayable.parties, party))
        return None
    allowed = {
        "licence": known.licences, "table": known.tables, "material": known.materials, "result": known.items,
        "attribute": attributes(sayable.parties[party].kind, known.files),
    }[kind]  # fmt: skip
    if name not in allowed:
        fields.values[kind].refuse(f"the {kind} {name!r}", one_of(sorted(allowed), name))
        return None
    _check_holder(kind, name, sayable.parties[party], fields.values[kind], known)
    return Way(kind, party, name)


def _check_holder(kind: str, name: str, party: Party, value: Value, known: Satisfying) -> None:
    """Tell what nobody of the party's kind can hold."""
    kinds: tuple[str, ...] = SUBJECT_KINDS
    if kind == "licence":
        holder = known.licences[name].holder
        kinds = SUBJECT_KINDS if holder == "both" else (holder,)
    elif kind == "material":
        holder = known.materials[name].holder
        kinds = SUBJECT_KINDS if holder == "both" else (holder,)
    elif kind == "table":
        kinds = tuple(subject.kind for subject in known.tables[name].subjects)
    if party.kind and kinds and "" not in kinds and party.kind not in kinds:
        value.refuse(
            f"{name!r} of the {party.kind} {party.name}", f"what a {party.kind} can hold, or `of:` another party"
        )


def attributes(kind: str, files: Mapping[str, OneFile]) -> tuple[str, ...]:
    """Return the names that a form may take from the one file of a kind of subject."""
    return (NUMBER, *(attribute.name for attribute in files[kind].attributes)) if kind in files else ()


def _label(entry: Fields, ways: tuple[Way, ...], known: Satisfying) -> Words:
    if "label" in entry.values or "label_en" in entry.values:
        if len({"label", "label_en"} & set(entry.values)) == 1:
            entry.whole_value.refuse("one of 'label' and 'label_en'", "both")
        return words(entry)
    for way in ways:
        if way.kind == "licence":
            return Words(known.licences[way.name].label, known.licences[way.name].label_en)
        if way.kind == "material":
            return known.materials[way.name].label
    if "from" not in entry.values or not entry.whole_value.document.is_broken:
        entry.whole_value.refuse("no 'label'", "'label' and 'label_en', or a licence or material first under 'from'")
    return Words("", "")


def _promise(entry: Fields) -> Promise | None:
    value = entry.get("promise")
    if value is None:
        return None
    fields = value.fields(("kind", "text", "what", "by_days", "how"))
    texts = {key: pair(fields.values[key]) for key in ("text", "what", "how") if key in fields.values}
    if len(texts) < 3:
        return None
    days = fields.whole("by_days", 1) or 0
    return Promise(fields.choice("kind", tuple(PROMISE_KINDS)), texts["text"], texts["what"], days, texts["how"])


def read_form(fields: Fields, sayable: Sayable, known: Satisfying) -> tuple[FormField, ...]:
    """Read the form's fields. `from: <party>.<attribute>` fills one; `from: applicant` says that only they know it."""
    found = []
    for name, _, value in fields.entries("form"):
        entry = value.fields((), ("label", "label_en", "from", "when"))
        said = entry.maybe("from")
        party, _, attribute = (said or "").partition(".")
        way = Way("attribute", party, attribute) if attribute else None
        if said is not None and said != APPLICANT:
            _check_source(entry.values["from"], party, attribute, sayable, known)
        label = _field_label(entry, way, sayable)
        found.append(
            FormField(name, label, read_condition(entry, "when", sayable), way, said == APPLICANT, value.place)
        )
    return tuple(found)


def _check_source(value: Value, party: str, attribute: str, sayable: Sayable, known: Satisfying) -> None:
    if party not in sayable.parties:
        value.refuse(f"the party {party!r}", one_of(sayable.parties, party))
        return
    allowed = attributes(sayable.parties[party].kind, known.files)
    if allowed and attribute not in allowed:
        value.refuse(f"the attribute {attribute!r} of {party}", one_of(allowed, attribute))


def _field_label(entry: Fields, way: Way | None, sayable: Sayable) -> Words:
    if "label" in entry.values or "label_en" in entry.values or way is None or way.party not in sayable.parties:
        for key in ("label", "label_en"):
            if key not in entry.values:
                entry.whole_value.refuse(f"no {key!r}", "'label' and 'label_en', or 'from' an attribute")
        return words(entry)
    party = sayable.parties[way.party]
    file = sayable.files.get(party.kind)
    found = next((a for a in file.attributes if a.name == way.name), None) if file is not None else None
    numbers = {
        "person": Words("公民身份号码", "Identity number"),
        "enterprise": Words("统一社会信用代码", "Credit code"),
    }
    label = Words(found.label, found.about) if found is not None else numbers.get(party.kind, Words("", ""))
    if way.party == APPLICANT:
        return label
    return Words(f"{party.label.zh}{label.zh}", f"{party.label.en}: {label.en}")


def read_requirements(fields: Fields, sayable: Sayable) -> tuple[Requirement, ...]:
    """Read the item's conditions; without `if` an official judges."""
    found = []
    for name, _, value in fields.entries("conditions"):
        entry = value.fields(("label", "label_en"), ("if",))
        found.append(Requirement(name, words(entry), read_condition(entry, "if", sayable), value.place))
    return tuple(found)


def read_results(fields: Fields, licences: Mapping[str, LicenceType]) -> tuple[Result, ...]:
    """Read the results: `{licence: …}`, or a document by its label."""
    found = []
    for value in fields.items("results"):
        entry = value.fields((), ("licence", "label", "label_en"))
        name = entry.maybe("licence")
        if name is not None and name not in licences:
            entry.values["licence"].refuse(f"the licence type {name!r}", one_of(licences, name))
        elif name is None and ("label" not in entry.values or "label_en" not in entry.values):
            value.refuse("neither 'licence' nor 'label' and 'label_en'", "what comes of the item")
        licence = licences.get(name or "")
        found.append(Result(Words(licence.label, licence.label_en) if licence else words(entry), name))
    return tuple(found)


def read_intermediaries(fields: Fields) -> tuple[Intermediary, ...]:
    """Read the services that somebody else renders first."""
    found = []
    for value in fields.items("intermediaries"):
        entry = value.fields(("label", "label_en", "basis"))
        basis = pair(entry.values["basis"]) if "basis" in entry.values else Words("", "")
        found.append(Intermediary(words(entry), basis))
    return tuple(found)
