"""One file as lines for a clerk, in Chinese or English; from what `file_view` returns.

What departments wrote is shown with its control characters escaped, so that no value can
steer the terminal or pass for a line of ours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import click

Values = Mapping[str, Any]

_WORDS = {
    "title": ("{kind} · {number_type} {number}", "{kind} · {number_type} {number}"),
    "person": ("一人一档", "One file of a person"),
    "enterprise": ("一企一档", "One file of an enterprise"),
    "as_of": (
        "按 {on} 计 · 档案版本 {version}，{at} 发布",
        "as of {on} · version {version} of the file, published {at}",
    ),
    "as_was": (
        "{on} 当日的档案，按 {at} 时所知、以现行规则还原",
        "as it was on {on}, as known at {at}, by the rules of today",
    ),
    "ended_person": ("已死亡：{day}", "DECEASED: {day}"),
    "ended_enterprise": ("已注销：{day}", "CANCELLED: {day}"),
    "ends": ("将于 {day} 终止", "ends on {day}"),
    "relations": ("关系", "Relations"),
    "identifiers": ("号码", "Numbers"),
    "found_by": (
        "依对应关系查得：{type} {number} 现为 {present}（{source}）",
        "found by the bridge: {type} {number} is now {present} ({source})",
    ),
    "learnt": ("{at} 获知", "learnt {at}"),
    "brought": ("批次 {delivery}", "delivery {delivery}"),
    "licences": ("证照", "Licences"),
    "endless": ("长期", "no end"),
    "nothing": ("暂无数据：{names}", "nothing known: {names}"),
    "age": ("{days} 天前", "{days} days old"),
    "today": ("当日", "of this day"),
    "later": ("{days} 天后才有的记载", "observed {days} days after that day"),
    "stale": ("陈旧（超过 {days} 天）", "STALE (over {days} days)"),
    "otherwise": ("≠ 另有记载：", "≠ also stated: "),
    "objection": ("异议中（{id}）", "objected to ({id})"),
    "verification": ("校核中（{id}）", "being verified ({id})"),
    "since": ("自 {day}", "since {day}"),
    "until": ("至 {day}", "until {day}"),
    "source": ("{department}《{resource}》", "{department}, {resource}"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
}
_NUMBER_TYPES = {
    "citizen": ("公民身份号码", "citizen number"),
    "hmt_resident": ("港澳台居民居住证号码", "number of a Hong Kong, Macau or Taiwan resident"),
    "foreigner": ("外国人永久居留身份证号码", "number of a foreign permanent resident"),
    "credit_code": ("统一社会信用代码", "unified social credit code"),
    "registration_number": ("注册号", "registration number"),
    "organisation_code": ("组织机构代码", "organisation code"),
    "tax_number": ("税务登记号", "tax number"),
}
_WON = {
    "lead": ("数源部门", "lead department"),
    "only": ("唯一来源", "only source"),
    "rank": ("来源顺位在先", "higher-ranked source"),
    "fresher": ("日期较新", "fresher"),
    "later": ("后获知", "learnt later"),
    "after_end": ("仅有终止后的记载", "stated only after the end"),
}
_LOST = {
    "lead": ("非数源部门", "not the lead department"),
    "rank": ("来源顺位在后", "lower-ranked source"),
    "fresher": ("日期较旧", "less fresh"),
    "later": ("先获知", "learnt earlier"),
    "after_end": ("终止后才有的记载", "stated after the end"),
}
_STATES = {
    "valid": ("有效", "in force"),
    "not_yet": ("尚未生效", "not yet in force"),
    "suspended": ("暂扣", "suspended"),
    "revoked": ("吊销", "revoked"),
    "annulled": ("撤销", "annulled"),
    "cancelled": ("注销", "cancelled"),
    "lapsed": ("失效", "lapsed"),
    "transferred": ("转出", "transferred"),
    "superseded": ("被替代", "superseded"),
}
_ESCAPED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_WIDE = {"W", "F"}


class FileText:
    """Lays a view out in one language; instants in the zone of legal days."""

    def __init__(self, lang: str, timezone: ZoneInfo) -> None:
        self._column = 0 if lang == "zh" else 1
        self._suffix = "" if lang == "zh" else "_en"
        self._timezone = timezone

    def lines(self, shown: Values) -> Iterator[str]:
        """Yield the lines of one file."""
        yield from self._head(shown)
        attributes = {n: a for n, a in shown["attributes"].items() if a["value"] is not None or a["contradictions"]}
        width = max((_width(self._label(n, a)) for n, a in attributes.items()), default=0) + 2
        for name, attribute in attributes.items():
            yield from self._attribute(_padded(self._label(name, attribute), width), attribute)
        missing = [self._label(n, a) for n, a in shown["attributes"].items() if n not in attributes]
        if missing:
            yield ""
            yield self._say("nothing", names="、".join(missing) if self._column == 0 else ", ".join(missing))
        yield from self._ties(shown["relations"])
        yield from self._licences(shown["licences"])
        yield from self._identifiers(shown["identifiers"])

    def found_by(self, shown: Values) -> Iterator[str]:
        """Yield the bridges by which a file was found that is known by another number now."""
        for bridge in shown.get("found_by", ()):
            number_type = self._of(_NUMBER_TYPES, bridge["type"])
            number, present = escaped(bridge["number"]), escaped(shown["number"])
            source = " · ".join(self._bridge_of(bridge))
            yield self._say("found_by", type=number_type, number=number, present=present, source=source)

    def bridges(self, shown: Values) -> Iterator[str]:
        """Yield the earlier numbers of a file, each with the bridge that says so."""
        for each in shown["identifiers"]:
            if each["number"] != shown["number"]:
                number = f"{self._of(_NUMBER_TYPES, each['type'])} {escaped(each['number'])}"
                yield " · ".join([number, *self._bridge_of(each)])

    def _bridge_of(self, identifier: Values) -> list[str]:
        """Return who states a number of a subject, since when it is true, and what brought a bridge."""
        resource = identifier[f"resource_title{self._suffix}"] or identifier["resource"]
        parts = [escaped(part) for part in (resource, identifier["observed_on"]) if part]
        if identifier.get("delivery"):
            parts.append(self._say("brought", delivery=escaped(identifier["delivery"])))
            parts.append(self._say("learnt", at=self._instant(identifier["learnt_at"])))
        return parts

    def _head(self, shown: Values) -> Iterator[str]:
        kind, number_type = self._say(shown["kind"]), self._of(_NUMBER_TYPES, shown["number_type"])
        title = self._say("title", kind=kind, number_type=number_type, number=escaped(shown["number"]))
        yield click.style(title, bold=True)
        at = datetime.fromisoformat(shown["published_at"]).astimezone(self._timezone).strftime("%Y-%m-%d %H:%M")
        word = "as_was" if shown["is_past"] else "as_of"
        yield self._say(word, on=shown["on"], version=shown["lake_version"], at=at)
        yield from self.found_by(shown)
        if shown["ended_on"] is not None:
            word = f"ended_{shown['kind']}" if shown["is_ended"] else "ends"
            yield click.style(f"■ {self._say(word, day=escaped(shown['ended_on']))}", bold=True, fg="red")
        yield ""

    def _attribute(self, label: str, attribute: Values) -> Iterator[str]:
        indent = " " * _width(label)
        yield f"{label}{self._value(attribute, attribute)}"
        if attribute["value"] is not None:
            stale = [click.style(self._say("stale", days=attribute["fresh_days"]), fg="yellow", bold=True)]
            parts = [*self._origin(attribute, _WON), *(stale if attribute["is_stale"] else [])]
            yield indent + " · ".join(parts)
        for mark in attribute["disputed"]:
            yield indent + click.style(f"⚠ {self._say(mark['what'], id=mark['id'])}", fg="yellow", bold=True)
        for other in attribute["contradictions"]:
            said = self._say("otherwise") + self._value(attribute, other)
            yield indent + " · ".join([said, *self._origin(other, _LOST)])

    def _ties(self, ties: list[Values]) -> Iterator[str]:
        if not ties:
            return
        yield ""
        yield click.style(self._say("relations"), bold=True)
        labels = [tie["label"] if self._column == 0 else _spaced(tie["relation"]) for tie in ties]
        width = max(map(_width, labels)) + 2
        for label, tie in zip(labels, ties, strict=True):
            name = [escaped(tie["other_name"])] if tie["other_name"] else []
            number = f"{self._of(_NUMBER_TYPES, tie['other_number_type'])} {escaped(tie['other_number'])}"
            period = [self._say(word, day=escaped(tie[word])) for word in ("since", "until") if tie[word]]
            details = [f"{self._label(n, d)} {self._value(d, d)}" for n, d in tie["details"].items()]
            yield _padded(label, width) + " · ".join([*name, number, *period, *details])
            yield " " * width + " · ".join(self._origin(tie, {}))

    def _licences(self, licences: list[Values]) -> Iterator[str]:
        if not licences:
            return
        yield ""
        yield click.style(self._say("licences"), bold=True)
        for licence in licences:
            state = self._of(_STATES, licence["state"])
            days = f"{licence['valid_from']} – {licence['valid_until'] or self._say('endless')}"
            issuer = licence[f"issuer{self._suffix}"] or "?"
            label = escaped(licence[f"label{self._suffix}"])
            details = [f"{self._label(n, d)} {self._value(d, d)}" for n, d in licence["details"].items()]
            yield " · ".join([label, state, days, escaped(issuer), licence["id"], *details])

    def _identifiers(self, identifiers: list[Values]) -> Iterator[str]:
        if not identifiers:
            return
        yield ""
        yield click.style(self._say("identifiers"), bold=True)
        for identifier in identifiers:
            number = f"{self._of(_NUMBER_TYPES, identifier['type'])} {escaped(identifier['number'])}"
            yield " · ".join([number, *self._bridge_of(identifier)])

    def _origin(self, stated: Values, reasons: Mapping[str, tuple[str, str]]) -> list[str]:
        """Return where a value comes from: source, day, age, and why it won or lost."""
        department = stated[f"department_name{self._suffix}"] or stated["department"] or "?"
        resource = stated[f"resource_title{self._suffix}"] or stated["resource"] or "?"
        parts = [self._say("source", department=escaped(department), resource=escaped(resource))]
        if stated["observed_on"]:
            parts += [escaped(stated["observed_on"]), self._age(stated["age_days"])]
        return [*parts, *([self._of(reasons, stated["reason"])] if reasons and stated["reason"] else [])]

    def _age(self, days: int) -> str:
        return self._say("today" if days == 0 else "age" if days > 0 else "later", days=abs(days))

    def _value(self, declared: Values, stated: Values) -> str:
        """Return a value as people read it. A value that lost comes as text, whatever its type is."""
        value, name = stated["value"], stated["value_name"]
        if value is None:
            return "—"
        if name is not None:
            return f"{escaped(name['zh' if self._column == 0 else 'en'])} ({escaped(str(value))})"
        if declared["currency"] is not None or (declared["unit"] or "").startswith("cent"):
            return self._amount(str(value), declared["currency"])
        if declared["type"] == "boolean":
            return self._say("yes" if value in (True, "true") else "no")
        if declared["type"] == "instant":
            return self._instant(str(value))
        return escaped(str(value))

    def _amount(self, cents: str, currency: str | None) -> str:
        try:
            amount = f"{Decimal(cents) / 100:,.2f}"
        except InvalidOperation:
            return escaped(cents)
        if currency == "CNY":
            return f"{amount} 元" if self._column == 0 else f"CNY {amount}"
        return f"{escaped(currency or '?')} {amount}"

    def _instant(self, value: str) -> str:
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return escaped(value)
        return instant.astimezone(self._timezone).isoformat(" ", "seconds")

    def _label(self, name: str, declared: Values) -> str:
        return escaped(declared["label"]) if self._column == 0 else _spaced(name.removesuffix("_cents"))

    def _say(self, word: str, **values: object) -> str:
        return _WORDS[word][self._column].format(**values)

    def _of(self, words: Mapping[str, tuple[str, str]], word: str) -> str:
        return words[word][self._column] if word in words else escaped(word)


def escaped(text: str) -> str:
    r"""Return the text with what could steer a terminal or turn a line around written as `\x1b` or `\u202e`."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _ESCAPED else char for char in text
    )


def _spaced(name: str) -> str:
    return escaped(name.replace("_", " "))


def _width(text: str) -> int:
    """Return how many columns a terminal gives the text: East Asian characters two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
