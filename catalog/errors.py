"""What can be wrong when the catalogue is asked; faults of declarations are `schemas.errors.DeclarationsRefused`."""

from __future__ import annotations

from collections.abc import Iterable

from onefile.errors import OneFileError, quoted
from schemas.errors import one_of


class CatalogError(OneFileError):
    """The root of what `catalog` raises."""


class UnknownResource(CatalogError):
    """No resource has the id that was asked for."""

    exit_code = 2

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no resource{quoted(asked)}: a resource is <department>.<name>, {one_of(known, asked)}")
        self.asked = asked


class UnknownDepartment(CatalogError):
    """No department has the id that was asked for."""

    exit_code = 2

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no department{quoted(asked)}: {one_of(known, asked)}")
        self.asked = asked


class LifeCycleBroken(CatalogError):
    """A declaration takes an entry to a state that cannot follow its present one."""

    def __init__(self, entry_id: str, old: str, new: str, allowed: str) -> None:
        super().__init__(f"{entry_id} goes from {old} to {new}: after {old} comes one of {allowed}; correct its state")
        self.entry_id = entry_id


class UnknownVersion(CatalogError):
    """An entry has no version of the number that was asked for."""

    def __init__(self, entry_id: str, asked: int, newest: int) -> None:
        super().__init__(f"{entry_id} has no version {asked}: ask for 1 to {newest}, or record one first")
        self.entry_id = entry_id


class ExtraMissing(CatalogError):
    """A library that the catalogue needs for this is not installed."""

    def __init__(self, library: str) -> None:
        super().__init__(f"{library} is not installed here: install onefile[catalog], or run `make setup`")


class BadIndex(CatalogError):
    """The search index cannot be read."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the search index {name} cannot be read: remove it, and the next search makes it anew")


class NotAllowed(CatalogError):
    """A role may not take that action in the state that the request or grant is in."""

    def __init__(self, action: str, role: str, state: str, allowed: str) -> None:
        super().__init__(f"{action} by the {role} is not allowed in the state {state}: allowed is {allowed}")


class NotYourPart(CatalogError):
    """A department acts in a role that another department has."""

    def __init__(self, department: str, role: str, holder: str) -> None:
        super().__init__(f"{department} is not the {role} here: that is {holder}, which has to do this itself")


class ReasonMissing(CatalogError):
    """An action needs a reason and has none."""

    def __init__(self, action: str) -> None:
        super().__init__(f"{action} without a reason: say why, so that the other side can answer it")


class RequestRefused(CatalogError):
    """A request asks for what cannot be asked for."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the request has {found}: {wanted}")


class ObjectionRefused(CatalogError):
    """An objection, a claim or a dispute cannot be opened so."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"there is {found}: {wanted}")


class OpenAlready(ObjectionRefused):
    """One about the same thing is open: it is to be answered or withdrawn first."""

    def __init__(self, of_id: str, over: str, wanted: str) -> None:
        super().__init__(f"{of_id}, which is open {over}", wanted)


class AnsweredAlready(CatalogError):
    """Somebody else's step on the same request or grant came first; nothing of this one is kept."""

    exit_code = 5

    def __init__(self, of_id: str) -> None:
        super().__init__(f"{of_id} was changed by somebody else just now: look at it again, then decide")


class UnknownId(CatalogError):
    """No request or grant has the id that was asked for."""

    def __init__(self, what: str, asked: str) -> None:
        super().__init__(f"no {what} {asked}: `onefile {what} list` names those there are")


class GrantNotInForce(CatalogError):
    """A grant gives nothing on that day, for the reason told."""

    def __init__(self, grant_id: str, reason: str) -> None:
        super().__init__(f"the grant {grant_id} gives nothing: {reason}; apply anew, or ask the provider")
        self.grant_id, self.reason = grant_id, reason


class ForeignFileRefused(CatalogError):
    """A file of another catalogue cannot be read; nothing of it is taken."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the file has {found}: wanted is {wanted}")


class UnknownItem(CatalogError):
    """No service item or bundle has the name or code that was asked for."""

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no item{quoted(asked)}: {one_of(known, asked)}; `onefile items list` names them")


class AnswerRefused(CatalogError):
    """A situation is answered as no question of the item allows."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the situation has {found}: wanted is {wanted}")
