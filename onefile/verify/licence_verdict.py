"""The verdict on a licence: a closed list, each with its exit code and a sentence for a clerk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo

from onefile.verify import errors
from onefile.verify.errors import VerificationError
from onefile.verify.licence import Proved, open_licence
from onefile.verify.reading import instant_text
from onefile.verify.status import StatusList, open_status
from onefile.verify.trust import read_trust

BEIJING = timezone(timedelta(hours=8))

GENUINE: dict[str, tuple[int, str, str]] = {
    "in_force": (0, "真实有效：{name}在 {on} 有效（状态截至 {known_at}）",
                 "genuine, and in force on {on} (as known at {known_at})"),
    "not_yet_in_force": (3, "真实，但在 {on} 尚未生效", "genuine, but not yet in force on {on}"),
    "no_longer_in_force": (3, "真实，但在 {on} 已过有效期", "genuine, but its last day was before {on}"),
    "status_unknown": (3, "真实，但状态不明：没有状态清单，或清单已过期，请取得最新的状态清单",
                       "genuine, status unknown: there is no status list, or it has expired; fetch the present one"),
    "suspended": (3, "真实，但已暂扣", "genuine, but suspended"),
    "revoked": (3, "真实，但已被吊销", "genuine, but revoked by sanction"),
    "annulled": (3, "真实，但已被撤销", "genuine, but annulled: it was granted wrongly"),
    "cancelled": (3, "真实，但已注销", "genuine, but cancelled"),
    "lapsed": (3, "真实，但已失效", "genuine, but lapsed"),
    "transferred": (3, "真实，但已转出", "genuine, but transferred elsewhere"),
    "superseded": (3, "真实，但已有更新的版本，请出示新版本",
                   "genuine, but a newer version has taken its place: ask for that"),
    "invalid": (3, "真实，但已不再有效（清单未说明原因）", "genuine, but no longer valid; the list does not say why"),
}  # fmt: skip
"""Verdicts on a genuine licence: exit code, Chinese, English."""

REFUSED: dict[str, tuple[type[VerificationError], ...]] = {
    "unknown_key": (errors.UnknownKey, errors.WrongUse),
    "bad_signature": (errors.BadSignature,),
    "retired_key": (errors.RetiredKey,),
    "lost_key": (errors.LostKey,),
    "bad_timestamp": (errors.BadTimestamp,),
    "issuer_unproved": (errors.IssuerUnproved,),
    "not_witnessed": (errors.NotWitnessed,),
    "not_in_log": (errors.NotInLog, errors.ImpossibleProof, errors.ProofDoesNotFit),
    "altered": (errors.PayloadAltered, errors.CopyChanged),
    "inconsistent": (errors.Inconsistent,),
    "unsupported_algorithm": (errors.UnsupportedAlgorithm,),
    "other_status_list": (errors.OtherStatusList,),
    "hidden_disclosure": (errors.HiddenDisclosure,),
    "other_audience": (errors.OtherAudience,),
    "other_nonce": (errors.OtherNonce,),
    "not_bound": (errors.NotBound,),
    "unreadable": (errors.Unreadable, errors.MalformedTrust, errors.ExtraMissing, errors.QuestionMissing),
    "malformed": (errors.Malformed,),
}
"""Verdicts on what is not genuine (exit code 4), and `unreadable` (1 or 2), by the errors that mean them."""


@dataclass(frozen=True)
class LicenceVerdict:
    """What is said of a genuine licence, for a day. `known_at`: by when its status was known; None: it is not."""

    code: str
    on: date
    known_at: datetime | None
    proved: Proved

    @property
    def exit_code(self) -> int:
        return GENUINE[self.code][0]


def judge_licence(
    data: bytes,
    trust: bytes,
    on: date,
    *,
    status: bytes | None = None,
    now: datetime | None = None,
    zone: tzinfo = BEIJING,
) -> LicenceVerdict:
    """Verify a licence and say whether it is in force on a day.

    Args:
        data, trust, status: the bytes of the files; a status list handed in goes before the one inside.
        on: the day to judge, as the issuing authority's calendar has it.
        now: the present instant, against which the status list must not have expired; None: it
            has to reach the day that is asked about, as lists kept from that day do.
        zone: of the calendar.

    Raises:
        VerificationError: it is not genuine, or (exit code 1) the trust file cannot be used.
    """
    trusted = read_trust(trust)
    proved = open_licence(data, trusted)
    token = proved.status if status is None else status.decode("ascii", "replace")
    origin = proved.signed.checkpoint.origin
    listed = None if token is None else open_status(token, trusted, origin, proved.leaf_index)
    said = None if listed is None else listed.status(proved.leaf_index)
    if listed is not None and _is_expired(listed, on, now, zone):
        listed = said = None
    last = proved.licence.valid_until
    if listed is not None and said == "lapsed" and last is not None and last < listed.issued_at.astimezone(zone).date():
        said = "valid"  # until its last day: that it ended since is told by the day that is asked about
    return LicenceVerdict(_code(proved, on, said), on, None if listed is None else listed.issued_at, proved)


def told(verdict: LicenceVerdict, lang: str) -> str:
    """Return the verdict in sentences, a line each."""
    licence = verdict.proved.licence
    known_at = "-" if verdict.known_at is None else instant_text(verdict.known_at)
    _, zh, en = GENUINE[verdict.code]
    lines = [(zh if lang == "zh" else en).format(name=licence.type_name, on=verdict.on.isoformat(), known_at=known_at)]
    last = licence.valid_until.isoformat() if licence.valid_until else ("长期" if lang == "zh" else "no end")
    names = ("证照", "标识", "颁发机构", "有效期") if lang == "zh" else ("licence", "identifier", "issuer", "valid")
    values = (licence.type_name, licence.id, licence.issuer_name, f"{licence.valid_from.isoformat()} – {last}")
    return "\n".join([*lines, *(f"  {name}: {printable(value)}" for name, value in zip(names, values, strict=True))])


def as_json(verdict: LicenceVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    licence, signed = verdict.proved.licence, verdict.proved.signed
    return {
        "verdict": verdict.code,
        "words": told(verdict, lang).split("\n")[0],
        "on": verdict.on.isoformat(),
        "known_at": None if verdict.known_at is None else instant_text(verdict.known_at),
        "id": licence.id,
        "type": licence.type,
        "type_name": licence.type_name,
        "issuer": licence.issuer,
        "version": licence.version,
        "issued_at": instant_text(licence.at),
        "valid_from": licence.valid_from.isoformat(),
        "valid_until": None if licence.valid_until is None else licence.valid_until.isoformat(),
        "log": {
            "origin": signed.checkpoint.origin,
            "size": signed.checkpoint.size,
            "leaf_index": verdict.proved.leaf_index,
        },
        "witnesses": list(signed.witnesses),
        "certified_by": verdict.proved.certified_by,
        "stamped_at": None if verdict.proved.stamped_at is None else instant_text(verdict.proved.stamped_at),
        "data": licence.data,
    }


def code_of(error: VerificationError) -> str:
    """Return the verdict that an error means, one of `REFUSED`."""
    return next((code for code, kinds in REFUSED.items() if isinstance(error, kinds)), "malformed")


def _is_expired(listed: StatusList, on: date, now: datetime | None, zone: tzinfo) -> bool:
    if now is not None:
        return listed.expires_at < now
    return listed.expires_at.astimezone(zone).date() < on


def _code(proved: Proved, on: date, said: str | None) -> str:
    licence = proved.licence
    if on < licence.valid_from or on < licence.since_on:
        return "not_yet_in_force"
    if licence.state != "valid":
        return licence.state
    if said is not None and said != "valid":
        return said
    if licence.valid_until is not None and on > licence.valid_until:
        return "no_longer_in_force"
    return "status_unknown" if said is None else "in_force"


def printable(text: str) -> str:
    """Return a text without what could steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
