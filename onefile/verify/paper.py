"""What kind of paper a file is, and its verdict: one door for the command and for `python -m onefile.verify`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any

from onefile.verify.errors import QuestionMissing, Unreadable, VerificationError

LICENCE, PRESENTATION, COPY, RECEIPT, FORM = "licence", "presentation", "copy", "receipt", "form"
BATCH, ARCHIVE = "batch", "archive"


@dataclass(frozen=True)
class Asked:
    """What is asked about a paper.

    `on` is the day to judge a licence, None: today, against the present instant `now`;
    `audience` and `nonce` are what a presentation must be made for, `case` and `items` what a form was handed in for;
    empty: what the form says itself. `folder` is where a batch's files lie; None: they are not at hand.
    """

    trust: bytes
    now: datetime
    zone: tzinfo
    on: date | None = None
    status: bytes | None = None
    audience: str | None = None
    nonce: str | None = None
    case: str = ""
    items: tuple[str, ...] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class Told:
    """A verdict as it is told: exit code, words, and an object for programs."""

    exit_code: int
    words: str
    fields: dict[str, object]

    def text(self, as_json: bool) -> str:
        """Return what is printed."""
        return json.dumps(self.fields, ensure_ascii=False) if as_json else self.words


def kind_of(data: bytes) -> str:
    """Return the kind of a paper by its first bytes; what is nothing else counts as a receipt or a licence."""
    if data.startswith(b"ey") and b"~" in data:
        return PRESENTATION
    if data.startswith(b"%PDF"):
        return COPY
    if b'"onefile.form/1"' in data:
        return FORM
    if b'"application/vnd.onefile.batch+json"' in data:
        return BATCH
    if b'"application/vnd.onefile.archive+json"' in data:
        return ARCHIVE
    return LICENCE if b'"onefile.licence/1"' in data else RECEIPT


def judge_paper(data: bytes, asked: Asked, lang: str) -> Told:
    """Verify a licence, a presentation, an annotated copy, a form that was handed in, a batch or an archive package.

    Raises:
        VerificationError: it is not genuine, or nothing can be said about it.
    """
    if kind_of(data) == PRESENTATION:
        return _presentation(data, asked, lang)
    if kind_of(data) == COPY:
        from onefile.verify import copy_verdict

        copy = copy_verdict.judge_copy(data, asked.trust, asked.now, status=asked.status)
        return _told(copy_verdict, copy, lang)
    if kind_of(data) == FORM:
        from onefile.verify import form_verdict

        return _told(form_verdict, form_verdict.judge_form(data, asked.trust, asked.now, asked.case, asked.items), lang)
    if kind_of(data) == BATCH:
        from onefile.verify import batch_verdict

        if asked.folder is None:
            raise Unreadable("manifest.json", "its files are not here: verify it where they lie")
        return _told(batch_verdict, batch_verdict.judge_batch(data, asked.trust, asked.folder), lang)
    if kind_of(data) == ARCHIVE:
        from onefile.verify import archive_verdict

        if asked.folder is None:
            raise Unreadable("archive.json.dsse", "its files are not here: verify it where they lie")
        return _told(archive_verdict, archive_verdict.judge_archive(data, asked.trust, asked.folder), lang)
    from onefile.verify import licence_verdict as verdicts

    day = asked.on or asked.now.astimezone(asked.zone).date()
    now = None if asked.on is not None else asked.now
    verdict = verdicts.judge_licence(data, asked.trust, day, status=asked.status, now=now, zone=asked.zone)
    return _told(verdicts, verdict, lang)


def error_told(error: VerificationError, lang: str) -> dict[str, object]:
    """Return the verdict that an error means as a JSON object."""
    from onefile.verify.licence_verdict import code_of

    return {"verdict": code_of(error), "words": error.told(lang)}


def _presentation(data: bytes, asked: Asked, lang: str) -> Told:
    from onefile.verify import presentation_verdict as verdicts
    from onefile.verify.presentation import Question

    if asked.audience is None or asked.nonce is None:
        raise QuestionMissing
    question = Question(asked.audience, asked.nonce)
    verdict = verdicts.judge_presentation(data, asked.trust, question, asked.now, status=asked.status)
    return _told(verdicts, verdict, lang)


def _told(verdicts: ModuleType, verdict: Any, lang: str) -> Told:
    return Told(verdict.exit_code, verdicts.told(verdict, lang), verdicts.as_json(verdict, lang))
