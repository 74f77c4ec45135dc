"""Why a presentation is not made. No message names a holder or a field's value."""

from __future__ import annotations

from licence_vault.errors import VaultError


class NotToBeShown(VaultError):
    """A presentation was refused; `reason` is what the record says, one of `records.OUTCOMES`."""

    reason = "refused"


class LicenceNotInForce(NotToBeShown):
    """The licence is not in force on that day, or a newer version has taken its place."""

    reason = "not_in_force"

    def __init__(self, state: str) -> None:
        super().__init__(f"the licence is {state}, and is not presented: ask for one that is in force")


class FieldNotDisclosable(NotToBeShown):
    """A field is asked for that its licence type does not let be disclosed, or does not have."""

    reason = "field_not_disclosable"

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"not to be disclosed, or not there: {', '.join(map(ascii, fields))}; ask for other fields")


class NothingToShow(NotToBeShown):
    """No field is left to be shown."""

    reason = "nothing_to_show"

    def __init__(self) -> None:
        super().__init__("no field is granted that this licence has: nothing would be shown")


class ConsentMissing(NotToBeShown):
    """The licence type demands the holder's consent, and none covers this use."""

    reason = "no_consent"

    def __init__(self) -> None:
        super().__init__(
            "this licence is shown with its holder's consent only, and none covers audience, fields, item and day: "
            "ask the holder, then `onefile vault consent give`"
        )


class LifeTooLong(NotToBeShown):
    """A presentation, a code or a consent would last longer than may be, or not at all."""

    reason = "life_too_long"

    def __init__(self, what: str, most: str) -> None:
        super().__init__(f"{what} must end after it begins, and within {most}: name an earlier end")


class BadHolderKey(NotToBeShown):
    """The holder's key cannot be bound to a presentation."""

    reason = "bad_holder_key"

    def __init__(self) -> None:
        super().__init__("the holder's key is no public key on Ed25519 or P-256: give a PEM file of one")


class CodeUnknown(NotToBeShown):
    """No code like that was ever made here."""

    reason = "code_unknown"

    def __init__(self) -> None:
        super().__init__("no such code: let the holder read it out again, or make another one")


class CodeUsed(NotToBeShown):
    """The code fetched a presentation before."""

    reason = "code_used"

    def __init__(self) -> None:
        super().__init__("the code was used before: let the holder make another one")


class CodeLate(NotToBeShown):
    """The code's life is over."""

    reason = "code_late"

    def __init__(self) -> None:
        super().__init__("the code's life is over: let the holder make another one")


class CodeForOther(NotToBeShown):
    """The code was made for another department."""

    reason = "code_for_other"

    def __init__(self) -> None:
        super().__init__("the code was made for another department: let the holder make one for yours")


class TooMuchForASheet(NotToBeShown):
    """The fields that are to be shown do not fit on a copy's one sheet."""

    reason = "too_much"

    def __init__(self) -> None:
        super().__init__("the fields do not fit on one sheet: ask for fewer of them")


class NoSuchConsent(VaultError):
    """There is no consent of that number, or it was withdrawn before."""

    def __init__(self, consent_id: str) -> None:
        super().__init__(f"there is no consent {consent_id[:40]!a} that could be withdrawn: look at the list")
