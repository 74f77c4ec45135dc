"""Requests for a resource: made, passed by the consumer's own office, answered by the provider within the clocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from sqlalchemy import Connection, insert, select

from catalog.entries import Entry
from catalog.errors import NotYourPart, ReasonMissing, RequestRefused
from catalog.grades import GRADES
from catalog.sharing_states import ANSWER, NEED_NO_REASON, REQUEST, SUPPLY, Step
from catalog.sharing_store import Actor, Case, cases, get, move, new_id, put_grant, put_request
from schemas.licence_reading import DEPARTMENT_LEVELS
from schemas.serving.tables import SHARING_NEED
from schemas.working_days import Sharing

_AREA = re.compile(r"(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})\Z")
_NEED_ENTRY = {"submit", "approve", "complete", "grant"}


@dataclass(frozen=True)
class Wanted:
    """What a consumer asks for. Days are YYYY-MM-DD; `quota` is looks a day; what is empty is lacking, but for `rows`.

    `rows` limits to a region or level (`area=690101`, `level=county`); empty: all. `items` are codes of service items.
    `assessment` names the impact assessment, which fields of grade `sensitive` need (Personal Information Protection
    Law, arts. 28, 55). `notice_after` is a day: subjects are told of looks after it, for an investigation (art. 18).
    """

    fields: tuple[str, ...]
    rows: str
    items: tuple[str, ...]
    basis: str
    scenario: str
    scope: str
    mode: str
    valid_from: str
    valid_until: str
    quota: int
    assessment: str = ""
    notice_after: str = ""


@dataclass(frozen=True)
class Rows:
    """To which rows a grant is limited: `kind` is all, area (the code and all below it) or level (of departments)."""

    kind: str
    value: str

    def covers(self, area: str, level: str) -> bool:
        """Say whether a row is granted: `area` is its code, of 6 digits or more, `level` that of its department.

        What is empty is not known, and not covered.
        """
        if self.kind == "level":
            return level == self.value
        return self.kind == "all" or area.startswith(self.prefix)

    @property
    def prefix(self) -> str:
        """With what the code of an area begins that is in the region granted; only where `kind` is area."""
        return re.sub("(?:00)+$", "", self.value) if len(self.value) == 6 else self.value


def read_rows(text: str) -> Rows:
    """Read what rows are wanted; raise RequestRefused where a text says none."""
    kind, sign, value = text.partition("=")
    if not text:
        return Rows("all", "")
    is_area = kind == "area" and _AREA.match(value)
    if not sign or not (is_area or (kind == "level" and value in DEPARTMENT_LEVELS)):
        raise RequestRefused("rows that are none", "area=CODE of 2 to 12 digits, or level=LEVEL, or none for all")
    return Rows(kind, value)


def apply(connection: Connection, wanted: Wanted, entry: Entry, actor: Actor) -> Case:
    """Make a request and submit it to the consumer's own sharing office.

    Raises:
        RequestRefused: it asks for what cannot be had: an entry that is not published or not shared, a field or mode
            that the entry does not have, days that are none, a period that is over.
    """
    wanted = _stripped(wanted)
    _check(wanted, entry, actor.day)
    if actor.department == entry.provider:
        raise RequestRefused("its own provider as consumer", "a department needs no request for what it supplies")
    case = Case(
        new_id(connection, "R", actor.day), "", actor.department, entry.provider, entry.id, "draft", 0, "", "", None,
        _document(wanted, entry),
    )  # fmt: skip
    put_request(connection, case, actor.day)
    return move(connection, case, actor, "submit", "", "at_office", None)


def act(
    connection: Connection, request_id: str, action: str, actor: Actor, reason: str, entry: Entry | None,
    sharing: Sharing, fields: tuple[str, ...] = (), completed: Wanted | None = None,
) -> Case:  # fmt: skip
    """Take a step on a request. A grant is made with it where the action grants; fewer `fields` narrow it.

    A grant is made on the terms of the day, whatever they were when it was asked for.

    Args:
        entry: what is asked for as it stands; None: it is not in the catalogue any more.
        completed: what was lacking, with `complete`; what is said otherwise, with `submit` after it was sent back.

    Raises:
        NotAllowed, NotYourPart, ReasonMissing: the step is not to be had so.
        RequestRefused: fields are granted that were not asked for, or that cannot be had any more; what is granted
            still lacks something, or is refused without having been told what it lacks.
        AnsweredAlready: another step came first.
        NoHolidayNotice: a clock runs into a year whose holidays are not declared.
    """
    case = get(connection, request_id)
    step = REQUEST.step(case.state, action, actor.role)
    check_part(case, actor, sharing)
    if action not in NEED_NO_REASON and not reason.strip():
        raise ReasonMissing(action)
    wants = _wants(case, action, reason, entry, actor.day, fields, completed)
    due = _due(step, case, entry, sharing, actor.day)
    detail = ", ".join(lacks(wants)) if action == "tell_lacking" else ""
    moved = move(connection, case, actor, action, reason, step.to, due, wants, detail)
    if action == "grant":
        _grant(connection, moved)
    if action in ("approve", "complete") and entry is not None and is_granted_at_once(moved, entry):
        if lacks(moved.wants):
            return moved
        ruled = replace(actor, role="rule")
        return act(connection, request_id, "grant", ruled, "unconditional: granted at once", entry, sharing)
    return moved


def _wants(
    case: Case, action: str, reason: str, entry: Entry | None, day: date, fields: tuple[str, ...],
    completed: Wanted | None,
) -> Mapping[str, object]:  # fmt: skip
    """Return the document as it is after an action."""
    if action in ("refuse", "ask_extension") and case.state == "with_provider" and (missing := lacks(case.wants)):
        raise RequestRefused(f"no {', '.join(missing)}", "it is told what it lacks first: tell_lacking")
    if action not in _NEED_ENTRY:
        return case.wants
    if entry is None:
        raise RequestRefused(f"{case.entry_id}, which is not in the catalogue any more", "refuse it, or withdraw it")
    if action == "complete":
        return _completed(case, completed, entry, day)
    if action == "submit" and completed is not None:
        return _amended(case, completed, entry, day)
    return _narrowed(case, fields, reason, entry, day) if action == "grant" else case.wants


def is_granted_at_once(case: Case, entry: Entry) -> bool:
    """Say whether the terms decide alone: shared without condition, and nobody has to agree to any of the fields.

    Items of persons need the provider's word whatever the class of their resource (grades, `catalog.grades`).
    """
    return entry.share_class == "unconditional" and all(
        GRADES[item.grade].approval == "nobody" for name in case.fields if (item := entry.item(name)) is not None
    )


def lacks(wants: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a request still has to say: basis, scenario, scope, mode, period, fields, quota; an assessment."""
    grades = wants.get("grades")
    assessed = [GRADES[g].approval == "assessed" for g in grades.values()] if isinstance(grades, dict) else []
    free = {"rows", "items", "share_class", "grades", "notice_after"} | (set() if any(assessed) else {"assessment"})
    return tuple(sorted(name for name, said in wants.items() if name not in free and not said))


def overdue(connection: Connection, day: date) -> list[Case]:
    """Return the requests whose clock has run out before a day."""
    return [case for case in cases(connection, "R") if case.due_on is not None and case.due_on < day.isoformat()]


def escalate(connection: Connection, actor: Actor) -> list[Case]:
    """Send every request that nobody answered in time to the sharing authority; late supply is told, not moved."""
    found = []
    for case in overdue(connection, actor.day):
        if "escalate" in REQUEST.allowed(case.state, "rule"):
            reason = f"no answer by {case.due_on}"
            found.append(move(connection, case, replace(actor, role="rule"), "escalate", reason, "escalated", None))
    return found


def note_supplied(connection: Connection, held: Mapping[str, Sequence[str]], actor: Actor) -> list[Case]:
    """Note the granted requests as supplied whose grants can be answered now; late supply is told by `overdue`.

    A comparison and a licence are answered as soon as they are granted; rows once they are at the counter with all of
    their columns. Files are handed over by the provider, who says so.

    Args:
        held: by resource, the columns of its rows at the counter.
    """
    found, ruled = [], replace(actor, role="rule")
    for case in cases(connection, "R"):
        mode = str(case.wants["mode"])
        has_rows = mode in ("query", "batch") and set(case.fields) <= {*held.get(case.entry_id, ())}
        if case.state == "granted" and (mode in ("check", "licence") or has_rows):
            found.append(move(connection, case, ruled, "supply", "the counter answers", "supplied", None))
    return found


def say_need(connection: Connection, consumer: str, need: str, item: str, day: date) -> None:
    """Note a need that no resource meets."""
    values = {"consumer": consumer, "need": " ".join(need.split()), "item": item, "said_on": day.isoformat()}
    connection.execute(insert(SHARING_NEED).values(**values))


def needs(connection: Connection) -> list[tuple[str, int, int]]:
    """Return needs with how often they were said and by how many departments, the most wanted first."""
    rows = connection.execute(select(SHARING_NEED.c.need, SHARING_NEED.c.consumer)).all()
    times, who = Counter(need for need, _ in rows), {need: set[str]() for need, _ in rows}
    for need, consumer in rows:
        who[need].add(consumer)
    return sorted(((n, times[n], len(who[n])) for n in times), key=lambda found: (-found[2], -found[1], found[0]))


def check_part(case: Case, actor: Actor, sharing: Sharing) -> None:
    """Raise NotYourPart unless the actor's department has the role that it acts in."""
    holders = {"consumer": case.consumer, "office": case.consumer, "provider": case.provider,
               "authority": sharing.authority}  # fmt: skip
    holder = holders.get(actor.role, actor.department)  # the rule acts for nobody
    if holder != actor.department:
        raise NotYourPart(actor.department, actor.role, holder)


def _stripped(wanted: Wanted) -> Wanted:
    """Return a wish whose texts are more than blanks, or empty."""
    return replace(
        wanted, rows=wanted.rows.strip(), basis=wanted.basis.strip(), scenario=wanted.scenario.strip(),
        scope=wanted.scope.strip(), mode=wanted.mode.strip(), valid_from=wanted.valid_from.strip(),
        valid_until=wanted.valid_until.strip(), assessment=wanted.assessment.strip(),
        notice_after=wanted.notice_after.strip(),
    )  # fmt: skip


def _check(wanted: Wanted, entry: Entry, day: date) -> None:
    read_rows(wanted.rows)
    if entry.kind == "foreign":
        raise RequestRefused(f"{entry.id}, of another catalogue", "apply where that catalogue is kept")
    if entry.state != "published":
        raise RequestRefused(f"{entry.id} in state {entry.state}", "ask for what is published")
    if entry.share_class == "not_shared":
        raise RequestRefused(f"{entry.id}, which is not shared", f"the legal basis is: {entry.share_basis}")
    unknown = [name for name in wanted.fields if entry.item(name) is None]
    if unknown:
        raise RequestRefused(
            f"the fields {', '.join(unknown)}", f"{entry.id} has {', '.join(i.name for i in entry.items)}"
        )
    if wanted.mode and wanted.mode not in entry.modes:
        raise RequestRefused(f"the mode {wanted.mode}", f"{entry.id} is shared by {', '.join(entry.modes)}")
    days = [_day(text) for text in (wanted.valid_from, wanted.valid_until) if text]
    if days != sorted(days):
        raise RequestRefused(f"a period that ends on {wanted.valid_until}, before it begins", "its days in order")
    if wanted.valid_until and days[-1] < day:
        raise RequestRefused(f"a period that ended on {wanted.valid_until}", "one that is not over")
    if wanted.notice_after and _day(wanted.notice_after) < day:
        raise RequestRefused(f"notice that waits until {wanted.notice_after}", "a day that is to come")
    if wanted.quota < 0:
        raise RequestRefused(f"a quota of {wanted.quota}", "looks a day, from 1")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestRefused("a day that is none", "write it YYYY-MM-DD") from None


def _document(wanted: Wanted, entry: Entry) -> dict[str, object]:
    found: dict[str, object] = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(wanted).items()}
    for name in ("valid_from", "valid_until", "notice_after"):
        found[name] = _day(str(found[name])).isoformat() if found[name] else ""
    return _on_terms(found, entry)


def _on_terms(document: Mapping[str, object], entry: Entry) -> dict[str, object]:
    """Return a document with the terms that its fields have today."""
    fields = document["fields"]
    wanted_fields = fields if isinstance(fields, list) else []
    grades = {item.name: item.grade for item in entry.items if item.name in wanted_fields}
    return {**document, "share_class": entry.share_class, "grades": grades}


def _completed(case: Case, completed: Wanted | None, entry: Entry, day: date) -> dict[str, object]:
    """Return the document with what was lacking; what was said already, and what the office passed, stays."""
    if completed is None:
        raise RequestRefused("nothing to complete it with", "say what it lacks")
    completed = _stripped(completed)
    _check(completed, entry, day)
    new, old = _document(completed, entry), {name: case.wants.get(name, "") for name in asdict(completed)}
    return _on_terms({name: value or new[name] for name, value in old.items()}, entry)


def _amended(case: Case, amended: Wanted, entry: Entry, day: date) -> dict[str, object]:
    """Return the document with all that is said otherwise now; the office sees it anew."""
    amended = _stripped(amended)
    _check(amended, entry, day)
    new = _document(amended, entry)
    return _on_terms({name: new[name] or case.wants.get(name, "") for name in asdict(amended)}, entry)


def _narrowed(case: Case, fields: tuple[str, ...], reason: str, entry: Entry, day: date) -> Mapping[str, object]:
    """Return what is granted: what was asked for, or some of its fields, on the terms of today."""
    more = [name for name in fields if name not in case.fields]
    if more:
        raise RequestRefused(f"no wish for {', '.join(more)}", f"grant of {', '.join(case.fields)}")
    if fields and set(fields) != set(case.fields) and not reason.strip():
        raise ReasonMissing("grant of less than was asked for")
    granted = _on_terms({**case.wants, "fields": list(fields or case.fields)}, entry)
    missing = lacks(granted)
    if missing:
        raise RequestRefused(f"no {', '.join(missing)}", "nothing is granted before it is said")
    _check_still_there(granted, case, entry, day)
    return granted


def _check_still_there(granted: Mapping[str, object], case: Case, entry: Entry, day: date) -> None:
    """Raise RequestRefused where the entry changed since it was asked for, so that this cannot be had any more."""
    if entry.state not in ("published", "in_withdrawal"):
        raise RequestRefused(f"{entry.id} in state {entry.state}", "nothing is granted of what is not published")
    if entry.share_class == "not_shared":
        raise RequestRefused(f"{entry.id}, which is not shared any more", f"the legal basis is: {entry.share_basis}")
    fields = granted["fields"]
    gone = [name for name in (fields if isinstance(fields, list) else []) if entry.item(name) is None]
    if gone:
        left = ", ".join(name for name in case.fields if entry.item(name) is not None)
        raise RequestRefused(f"{', '.join(gone)}, which {entry.id} has no more", f"grant of {left or 'nothing'}")
    if granted["mode"] not in entry.modes:
        raise RequestRefused(f"the mode {granted['mode']}", f"{entry.id} is shared by {', '.join(entry.modes)}")
    if str(granted["valid_until"]) < day.isoformat():
        raise RequestRefused(f"a period that ended on {granted['valid_until']}", "an application for a new one")


def _due(step: Step, case: Case, entry: Entry | None, sharing: Sharing, day: date) -> str | None:
    """Return the day by which the next step is due; asking for more time gives none until it is consented to."""
    if step.clock is None:
        return None
    if step.to in ("extension_asked", "completed") and case.due_on is not None:
        return case.due_on
    if step.clock == "extension" and case.due_on is not None:
        return sharing.due("extension", date.fromisoformat(case.due_on)).isoformat()
    is_unconditional = entry is not None and is_granted_at_once(case, entry)
    decided = "unconditional" if is_unconditional else "conditional"
    names = {ANSWER: f"{decided}_answer", SUPPLY: "supply"}
    return sharing.due(names.get(step.clock, step.clock), day).isoformat()


def _grant(connection: Connection, request: Case) -> None:
    names = ("fields", "rows", "items", "mode", "quota", "scope", "basis", "share_class", "grades", "notice_after")
    document = {name: request.wants[name] for name in names if name in request.wants}
    put_grant(connection, replace(
        request, id=f"G{request.id[1:]}", request_id=request.id, state="active", step_count=0, due_on=None,
        valid_from=str(request.wants["valid_from"]), valid_until=str(request.wants["valid_until"]), wants=document,
    ))  # fmt: skip
