"""By what numbers a subject is known, and the internal id that follows from one."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from onefile.errors import OneFileError
from schemas.identifiers import InvalidIdentifier, credit_code, person_number
from schemas.identifiers.earlier import earlier_number
from schemas.reasons import REASONS


class NotASubjectNumber(OneFileError):
    """A text is neither a person's number nor a credit code; the reasons are codes of `schemas.reasons`."""

    exit_code = 2

    def __init__(self, person_reason: str, enterprise_reason: str) -> None:
        super().__init__(
            "this is no number of a subject: "
            f"as a person's number: {REASONS[person_reason].en}; as a credit code: {REASONS[enterprise_reason].en}"
        )
        self.person_reason = person_reason
        self.enterprise_reason = enterprise_reason


@dataclass(frozen=True)
class SubjectNumber:
    """A checked number in its canonical form: of which kind of subject, and of which type.

    `original` is the number that it was read from, where that is another by a standard: 15 digits of a citizen, a tax
    number with an organisation code in it.
    """

    kind: str
    number_type: str
    number: str = field(repr=False)
    original: str | None = field(default=None, repr=False, compare=False)

    @property
    def subject_id(self) -> str:
        """The internal id of the subject known by this number (docs/adr/0009).

        It follows from the number, so it is personal data as the number is.
        """
        digest = sha256(f"{self.kind}/{self.number_type}/{self.number}".encode()).hexdigest()
        return f"{self.kind[0]}-{digest[:32]}"


def subject_numbers(text: str) -> tuple[SubjectNumber, ...]:
    """Read a text as the number of a subject; 15 digits are a citizen's number of old and are upgraded.

    Returns:
        The one way to read it; two where 18 digits are sound both as a person's number and as a credit code, or 15
        both as a citizen's number and as an enterprise's earlier one.

    Raises:
        NotASubjectNumber: it is neither.
    """
    found, reasons = [], []
    try:
        person = person_number(text)
        original = text if len(text) != len(person.text) else None
        found.append(SubjectNumber("person", person.kind, person.text, original))
    except InvalidIdentifier as invalid:
        reasons.append(invalid.reason)
    try:
        found.append(SubjectNumber("enterprise", "credit_code", credit_code(text).text))
    except InvalidIdentifier as invalid:
        reasons.append(invalid.reason)
    earlier = earlier_number(text)
    if earlier is not None:
        found.append(SubjectNumber("enterprise", *earlier, text if len(text) != len(earlier[1]) else None))
    if not found:
        raise NotASubjectNumber(*reasons)
    return tuple(found)
