"""Why a paper is not believed, in English and Chinese. Nothing here quotes what was read.

Every error of this tree means "not genuine" (exit code 4), but the two that say nothing
about the paper: its file, or the trust file, cannot be used (exit code 1).
"""

from __future__ import annotations

from typing import ClassVar

from onefile.errors import OneFileError


class VerificationError(OneFileError):
    """The paper is not genuine. `str()` is English; `told` speaks both languages."""

    exit_code = 4

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh

    def told(self, lang: str) -> str:
        """Return the message in `zh` or, for any other language, English."""
        return self.zh if lang == "zh" else str(self)


class Unreadable(VerificationError):
    """A file cannot be read at all: nothing is said about what is in it."""

    exit_code = 1

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name} cannot be read ({cause})", f"无法读取 {name}（{cause}）")


class Malformed(VerificationError):
    """The bytes are not what the format says. `detail` names fields and places, never values."""

    paper: ClassVar[tuple[str, str]] = ("file", "文件")

    def __init__(self, detail: str) -> None:
        en, zh = self.paper
        super().__init__(f"malformed {en}: {detail}", f"{zh}格式错误：{detail}")


class MalformedEnvelope(Malformed):
    """No DSSE 1.0 envelope of the type that was asked for, with exactly one signature."""

    paper = ("envelope", "信封")


class MalformedReceipt(Malformed):
    """The signed payload is no `onefile.receipt/1`."""

    paper = ("receipt", "回执")


class MalformedNote(Malformed):
    """No signed note: text, blank line, signature lines."""

    paper = ("signed note", "签名文书")


class MalformedCheckpoint(Malformed):
    """The signed text is no checkpoint of a log."""

    paper = ("checkpoint", "日志检查点")


class MalformedLeaf(Malformed):
    """A log entry is no `onefile.leaf/1`."""

    paper = ("log entry", "日志条目")


class MalformedLicence(Malformed):
    """The bytes are no exported licence, or what is in it is no payload of a licence."""

    paper = ("licence", "证照文件")


class MalformedStatus(Malformed):
    """The bytes are no status list token."""

    paper = ("status list", "状态清单")


class MalformedPresentation(Malformed):
    """The bytes are no presentation: no SD-JWT VC in the form that RFC 9901 and this vault give it."""

    paper = ("presentation", "出示凭证")


class MalformedCopy(Malformed):
    """The bytes are no annotated copy of a licence."""

    paper = ("copy", "加注件")


class MalformedProof(Malformed):
    """The bytes are no `onefile.proof/1`."""

    paper = ("proof", "证明")


class MalformedTrust(Malformed):
    """The bytes are no `onefile.trust/1`: the verifier's own file, so no verdict is possible."""

    exit_code = 1
    paper = ("trust file", "信任文件")


class CountsDiffer(VerificationError):
    """The receipt contradicts itself: its counts do not add up."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(f"the receipt's counts contradict each other: {en}", f"回执的数目互相矛盾：{zh}")


class UnknownKey(VerificationError):
    """No trusted key has the id that the envelope names."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"no trusted key {key_id[:40]!a}: fetch the bureau's current trust file, or the paper is not the bureau's",
            f"没有受信任的密钥 {key_id[:40]!a}：请取得最新的信任文件，否则此件不是数据局所发",
        )


class WrongUse(VerificationError):
    """The key is trusted, but for papers of another kind."""

    def __init__(self, key_id: str, use: str, wanted: str) -> None:
        super().__init__(
            f"key {key_id} is trusted for {use!a}, not for {wanted!a}",
            f"密钥 {key_id} 的用途是 {use!a}，不是 {wanted!a}",
        )


class RetiredKey(VerificationError):
    """The paper says that it is younger than its key's last day."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"key {key_id} was retired before the delivery was received",
            f"密钥 {key_id} 在收到批次之前已经停用",
        )


class BadSignature(VerificationError):
    """The payload is not what was signed."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"the signature of key {key_id} does not hold: the paper was altered",
            f"密钥 {key_id} 的签名不成立：内容被改动过",
        )


class NotWitnessed(VerificationError):
    """Fewer of the trusted witnesses co-signed the checkpoint than the trust file demands."""

    def __init__(self, found: int, needed: int) -> None:
        super().__init__(
            f"{found} trusted witnesses co-signed the log's checkpoint, {needed} are demanded: fetch a newer proof",
            f"日志检查点只有 {found} 个受信任的见证方签名，要求 {needed} 个：请取得较新的证明",
        )


class ImpossibleProof(VerificationError):
    """No tree has such a proof: sizes, index, lengths or types make no sense."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"no Merkle tree has such a proof: {detail}", f"任何默克尔树都没有这样的证明：{detail}")


class ProofDoesNotFit(VerificationError):
    """A proof of the right shape that leads to another root."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the proof does not lead to {what}", "证明推不出给定的树根：数据、证明与树根不是一套")


class OtherDelivery(VerificationError):
    """The proof belongs to another delivery, or to another set of rows, than the receipt."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f"the proof is not for this receipt: its {field!r} differs", f"证明不属于这份回执：{field!r} 不一致"
        )


class NotInLog(VerificationError):
    """The proof does not lead from the licence's leaf to the log's signed root."""

    def __init__(self) -> None:
        super().__init__("the licence is not in the issuing log at its checkpoint", "该证照不在签发日志中")


class PayloadAltered(VerificationError):
    """The content is not what the log's leaf was made for."""

    def __init__(self) -> None:
        super().__init__(
            "the content is not what was issued: a holder, field, type or version was changed",
            "内容与签发时不一致：持证人、字段、类型或版本被改动过",
        )


class Inconsistent(VerificationError):
    """The content contradicts its own leaf in the log."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f"the licence contradicts its entry in the log: its {field!r} differs",
            f"证照与日志条目互相矛盾：{field!r} 不一致",
        )


class UnsupportedAlgorithm(VerificationError):
    """The paper names an algorithm that is not on the list, or not its key's."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"algorithm {found[:20]!a} is not accepted here: the paper was made otherwise, or to deceive",
            f"不接受算法 {found[:20]!a}：此件制作有误，或意在欺骗",
        )


class OtherStatusList(VerificationError):
    """The status list is of another log or another range than the licence."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the status list does not speak of this licence: {detail}", f"状态清单与该证照无关：{detail}")


class CopyChanged(VerificationError):
    """A copy was changed after it was signed, or something was added to it."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the copy is not as it was signed: {detail}", f"加注件与签章时不一致：{detail}")


class BadTimestamp(VerificationError):
    """A time stamp is not of this checkpoint, or by nobody who is trusted for time."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the time stamp does not hold: {detail}", f"时间戳不成立：{detail}")


class LostKey(VerificationError):
    """The key that signed was lost, and nothing shows that it signed before."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"key {key_id} was lost, and no time stamp shows that it signed before: ask for a stamped proof",
            f"密钥 {key_id} 已遗失，且没有时间戳证明签名在此之前：请取得带时间戳的证明",
        )


class IssuerUnproved(VerificationError):
    """The department that issued is not shown to be one, or not to have let this log issue in its name."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the issuer is not proved: {detail}", f"颁发机构未得到证明：{detail}")


class ExtraMissing(VerificationError):
    """A library that this proof needs is not installed: nothing is said about the paper."""

    exit_code = 1

    def __init__(self, extra: str) -> None:
        super().__init__(
            f"this verifier lacks what it needs for that: install onefile[{extra}]",
            f"本机缺少验证所需的组件：请安装 onefile[{extra}]",
        )


class HiddenDisclosure(VerificationError):
    """A disclosure is foreign, doubled, or hides something: it is not one of those that were signed for."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"a disclosed field is not as it was signed for: {detail}", f"披露的字段与签名不符：{detail}")


class OtherAudience(VerificationError):
    """The presentation was made for somebody else than the one who was shown it."""

    def __init__(self) -> None:
        super().__init__(
            "the presentation was made for another audience: it may not be used here",
            "该出示凭证不是出示给本单位的，不得使用",
        )


class OtherNonce(VerificationError):
    """The presentation answers another question: it is an old one, shown again."""

    def __init__(self) -> None:
        super().__init__(
            "the presentation answers another question (nonce): it was made for another use, and is shown again",
            "该出示凭证的随机数不符：是为另一次使用而出示的",
        )


class NotBound(VerificationError):
    """The holder's own key did not sign this presentation as it lies here."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"the holder's key did not sign this presentation: {detail}", f"持证人的密钥没有为本次出示签名：{detail}"
        )


class QuestionMissing(VerificationError):
    """A presentation can only be judged by whoever says whom it was made for, and what was asked."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__(
            "a presentation is for one audience and one question: say --audience and --nonce",
            "出示凭证只供一个单位、一次使用：请给出 --audience 和 --nonce",
        )
