"""What a service item is (事项): what it demands, what would satisfy each demand, and on which conditions.

Declared in `schemas/items`, with the kinds of shared material (`schemas/materials`) and the bundles of items for one
event of a life (`schemas/bundles`). Frozen values, already checked against tables, one files,
licence types and departments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.conditions import Condition
from schemas.model import Place
from schemas.terms import Share, Terms

ITEM_KINDS: Mapping[str, tuple[str, str]] = {"at_once": ("即办件", "at once"), "promised": ("承诺件", "promised")}
STEPS: Mapping[str, tuple[str, str]] = {
    "apply": ("申请", "application"),
    "accept": ("受理", "acceptance"),
    "review": ("审查", "review"),
    "inspect": ("现场核查", "inspection"),
    "special": ("特别程序", "special procedure, clock stopped"),
    "decide": ("决定", "decision"),
    "deliver": ("送达", "delivery"),
}
CHANNELS: Mapping[str, tuple[str, str]] = {
    "online": ("网上办理", "online"),
    "window": ("窗口办理", "at a window"),
    "self_service": ("自助终端", "at a machine"),
    "post": ("邮寄办理", "by post"),
}
VERIFIED_AGAINST: Mapping[str, tuple[str, str]] = {
    "original": ("核对原件", "the original was seen"),
    "register": ("核对登记系统", "compared with a register"),
    "issued": ("由本部门出具", "made by the department itself"),
    "none": ("未核对", "against nothing"),
}
"""What whoever deposits a material held it against."""
KEPT_BY = ("consent", "law")
WAY_KINDS = ("licence", "attribute", "table", "material", "result")
PROMISE_KINDS: Mapping[str, tuple[str, str]] = {
    "promise": ("告知承诺", "promise instead of the material"),
    "later": ("容缺受理", "the material later"),
}
QUESTION_KINDS = ("choice", "yes_no", "number", "day")
APPLICANT = "applicant"
NUMBER = "number"
"""What every one file has besides its attributes: the number its subject is known by."""


@dataclass(frozen=True)
class Words:
    """A text in Chinese and in English."""

    zh: str
    en: str

    def text(self, lang: str) -> str:
        """Return the text in a language, `zh` or `en`."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True)
class Party:
    """Somebody whom an item looks at: the applicant, a spouse, a legal representative. `kind` as of subjects."""

    name: str
    kind: str
    label: Words


@dataclass(frozen=True)
class Answer:
    """One answer of a question with a closed list; `known` says when the one file gives it without asking."""

    name: str
    label: Words
    known: Condition | None


@dataclass(frozen=True)
class Question:
    """What a situation (情形) turns on. Asked only while `when` may hold; `answers` of kind `choice` only."""

    name: str
    kind: str
    label: Words
    when: Condition | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Way:
    """What satisfies a material or fills a field without the applicant: see WAY_KINDS; of which party; its name."""

    kind: str
    party: str
    name: str


@dataclass(frozen=True)
class Promise:
    """A written promise that may stand for a material: what is promised, by when (working days), how it is kept."""

    kind: str
    text: Words
    what: Words
    by_days: int
    how: Words


@dataclass(frozen=True)
class Material:
    """What the item asks for (申请材料). Without `ways` only the applicant has it; asked for where `when` holds."""

    name: str
    label: Words
    when: Condition | None
    ways: tuple[Way, ...]
    is_applicants: bool
    promise: Promise | None
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class FormField:
    """A field of the form. `way` is the attribute that fills it; None: the applicant's, or mapped to nothing."""

    name: str
    label: Words
    when: Condition | None
    way: Way | None
    is_applicants: bool
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Requirement:
    """A condition of the item (办理条件), judged from the facts; `met_if` None: only an official can judge it."""

    name: str
    label: Words
    met_if: Condition | None
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Result:
    """What comes of the item: a licence of ours by type, or a document by name."""

    label: Words
    licence: str | None


@dataclass(frozen=True)
class Intermediary:
    """A service that somebody else has to render first (中介服务), with its basis."""

    label: Words
    basis: Words


@dataclass(frozen=True)
class Item:
    """One item as one department offers it. `code` is its base code: the same item elsewhere has it too.

    `legal_days` and `promised_days` are working days (法定时限, 承诺时限), 0 at once, None: the law sets none. `visits`
    is how often the applicant has to come. `area` is the area that offers it; empty: the whole of its department's.
    """

    name: str
    code: str
    label: Words
    about: Words
    department: str
    level: str
    area: str
    kind: str
    subject: str
    basis: tuple[Words, ...]
    legal_days: int | None
    promised_days: int
    visits: int
    channels: tuple[str, ...]
    process: tuple[str, ...]
    parties: Mapping[str, Party]
    questions: Mapping[str, Question]
    requirements: tuple[Requirement, ...]
    materials: tuple[Material, ...]
    form: tuple[FormField, ...]
    results: tuple[Result, ...]
    intermediaries: tuple[Intermediary, ...]
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Recognition:
    """Which deposited materials of a kind count elsewhere: verified against what (see VERIFIED_AGAINST), by which
    departments, for which items by name; empty: by any, for any.
    """

    verified_against: tuple[str, ...] = ("original", "register", "issued")
    by: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaterialKind:
    """A kind of shared material (共享材料): deposited once, recognised by whoever the catalogue lets.

    `fresh_days`: older ones are asked for anew; None: never. `holder` is a subject kind or `both`. `kept_by` is
    `consent`, which the holder may withdraw, or `law`, with its `kept_basis`. `covered_by` are licence types: where the
    holder has one in force, the scan is retired.
    """

    name: str
    label: Words
    about: str
    department: str
    holder: str
    fresh_days: int | None
    sensitivity: str
    place: Place = field(compare=False, repr=False)
    share: Share | None = None
    terms: Terms | None = None
    recognised: Recognition = Recognition()
    kept_by: str = "consent"
    kept_basis: str = ""
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """Items for one event of a life (一件事), in the order in which they are done; `department` leads it."""

    name: str
    label: Words
    about: Words
    department: str
    items: tuple[str, ...]
    place: Place = field(compare=False, repr=False)
