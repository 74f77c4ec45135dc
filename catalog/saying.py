"""Conditions and ways in the words of people, Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from schemas.conditions import Constant, Subject, parse, tests
from schemas.conditions import Test as ConditionTest
from schemas.logic import Reason
from schemas.model import Declarations
from schemas.service_items import NUMBER, Item, Party, Question, Way, Words

_SIGNS = {"=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_OUTCOMES: Mapping[bool | None, tuple[str, str]] = {
    True: ("是", "yes"),
    False: ("否", "no"),
    None: ("未知", "not known"),
}
_SPANS = {
    "years": ("距今年数", "years since"),
    "days": ("距今天数", "days since"),
    "days_left": ("剩余天数", "days until"),
}
_KINDS = {
    "licence": ("电子证照", "licence"),
    "attribute": ("一档数据项", "of the one file"),
    "table": ("登记数据", "record"),
    "material": ("共享材料", "shared material"),
    "result": ("前序事项结果", "result of"),
}


class Speaker:
    """Says things of some items in one language, `zh` or `en`."""

    def __init__(self, known: Declarations, items: Iterable[Item], lang: str) -> None:
        self._known = known
        self._lang = lang
        self._questions: dict[str, Question] = {}
        self._parties: dict[str, Party] = {}
        for item in items:
            self._questions.update(item.questions)
            self._parties.update(item.parties)

    def choose(self, zh: str, en: str) -> str:
        """Return the text in the language."""
        return zh if self._lang == "zh" else en

    def words(self, said: Words) -> str:
        """Return the text in the language."""
        return said.text(self._lang)

    def reasons(self, reasons: Iterable[Reason]) -> str:
        """Say tests that decided, and what each came to."""
        return self.choose("；", "; ").join(
            f"{self.test(reason.test)} → {self.choose(*_OUTCOMES[reason.is_met])}" for reason in reasons
        )

    def test(self, written: str) -> str:
        """Say a test as it is written in a condition."""
        (test,) = tests(parse(written))
        subject = self._subject(test.subject)
        if test.operator == "is true":
            return subject
        if test.operator in ("is present", "is absent"):
            there = self.choose(*{"is present": ("有", "there"), "is absent": ("无", "not there")}[test.operator])
            return f"{subject}: {there}"
        constants = self.choose("、", ", ").join(self._constant(test, each) for each in test.constants)
        sign = {"=": "", "in": ""}.get(test.operator, f"{_SIGNS.get(test.operator, '')} ")
        return f"{subject}: {sign}{constants}"

    def way(self, way: Way) -> str:
        """Say what satisfies a material or fills a field."""
        return f"{self.choose(*_KINDS[way.kind])}{self.choose('：', ' ')}{self._of(way.party)}{self._named(way)}"

    def _of(self, party: str) -> str:
        if party == "applicant" or party not in self._parties:
            return ""
        return f"{self.words(self._parties[party].label)}{self.choose('的', ': ')}"

    def _named(self, way: Way) -> str:
        if way.kind == "licence":
            licence = self._known.licences[way.name]
            return self.choose(licence.label, licence.label_en)
        if way.kind == "table":
            return self.choose(self._known.tables[way.name].label, way.name.replace("_", " "))
        if way.kind == "material":
            return self.words(self._known.materials[way.name].label)
        if way.kind == "result":
            return self.words(self._known.items[way.name].label) if way.name in self._known.items else way.name
        return self._attribute(way.party, way.name)

    def _attribute(self, party: str, name: str) -> str:
        if name == NUMBER:
            return self.choose("证件号码", "number")
        kind = self._parties[party].kind if party in self._parties else ""
        file = self._known.files.get(kind)
        found = next((each for each in file.attributes if each.name == name), None) if file is not None else None
        return self.choose(found.label, name.replace("_", " ")) if found is not None else name

    def _subject(self, subject: Subject) -> str:
        if subject.kind == "licence":
            return f"{self._of(subject.party)}{self.choose('持有', 'holds ')}{self._named(_licence(subject))}"
        if subject.party:
            named = f"{self._of(subject.party)}{self._attribute(subject.party, subject.name)}"
        else:
            question = self._questions.get(subject.name)
            named = self.words(question.label) if question is not None else subject.name
        if subject.kind not in _SPANS:
            return named
        zh, en = _SPANS[subject.kind]
        return self.choose(f"{named}{zh}", f"{en} {named}")

    def _constant(self, test: ConditionTest, constant: Constant) -> str:
        subject = test.subject
        if isinstance(constant, date) or not isinstance(constant, str):
            return str(constant)
        if subject.kind == "answer" and subject.name in self._questions:
            answers = {answer.name: self.words(answer.label) for answer in self._questions[subject.name].answers}
            return answers.get(constant, constant)
        party = self._parties.get(subject.party)
        file = self._known.files.get(party.kind) if party is not None else None
        codes = next((a.codes for a in file.attributes if a.name == subject.name), None) if file is not None else None
        code = self._known.codes[codes].codes.get(constant) if codes in self._known.codes and codes else None
        return self.choose(code.name, code.name_en) if code is not None else constant


def _licence(subject: Subject) -> Way:
    return Way("licence", subject.party, subject.name)
