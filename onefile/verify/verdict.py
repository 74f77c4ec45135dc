"""The verdict on a receipt, and the sentences that tell it, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

from onefile.verify.errors import VerificationError
from onefile.verify.proof import read_proof, verify_row
from onefile.verify.reading import instant_text
from onefile.verify.receipt import Receipt, open_receipt
from onefile.verify.trust import read_trust


@dataclass(frozen=True)
class Verdict:
    """A genuine receipt, and the number of the row that was proved to be in it (None: none was asked)."""

    receipt: Receipt
    row: int | None


def judge(envelope: bytes, trust: bytes, row: bytes | None = None, proof: bytes | None = None) -> Verdict:
    """Verify a receipt, and with a row's bytes and its proof that the row is in it.

    Args:
        envelope, trust, proof: the bytes of the files.
        row: the record's bytes; given together with `proof`, or not at all.

    Raises:
        VerificationError: it is not genuine, or (exit code 1) the trust file cannot be used.
    """
    receipt = open_receipt(envelope, read_trust(trust))
    if row is None or proof is None:
        return Verdict(receipt, None)
    read = read_proof(proof)
    verify_row(receipt, row, read)
    return Verdict(receipt, read.row)


def told(verdict: Verdict, lang: str) -> str:
    """Return the verdict in sentences, a line each."""
    return "\n".join(_chinese(verdict) if lang == "zh" else _english(verdict))


def told_error(error: VerificationError, lang: str) -> str:
    """Return the verdict that an error means, in one line."""
    if error.exit_code != 4:
        return error.told(lang)
    return f"不真实：{error.told(lang)}" if lang == "zh" else f"not genuine: {error.told(lang)}"


def counts(receipt: Receipt, lang: str) -> str:
    """Return the counts of a receipt in one line."""
    r = receipt
    if lang == "zh":
        return f"行数：收到 {r.received} ＝ 接收 {r.accepted} ＋ 问题 {r.quarantined} ＋ 重复 {r.duplicates}"
    parts = f"{r.accepted} accepted + {r.quarantined} quarantined + {r.duplicates} duplicates"
    return f"rows: {r.received} received = {parts}"


def as_json(verdict: Verdict) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    receipt = verdict.receipt
    answer: dict[str, object] = {
        "verdict": "genuine",
        "delivery": receipt.delivery,
        "status": receipt.status,
        "received_at": instant_text(receipt.received_at),
        "received": receipt.received,
        "accepted": receipt.accepted,
        "quarantined": receipt.quarantined,
        "duplicates": receipt.duplicates,
        "held_by": list(receipt.held_by),
    }
    if verdict.row is not None:
        reasons = receipt.reasons(verdict.row)
        answer["row"] = verdict.row
        answer["rejected"] = [{"column": reason.column, "reason": reason.reason} for reason in reasons]
    return answer


def error_as_json(error: VerificationError, lang: str) -> dict[str, object]:
    """Return the verdict that an error means as a JSON object."""
    verdict = "not_genuine" if error.exit_code == 4 else "unreadable"
    return {"verdict": verdict, "error": type(error).__name__, "reason": error.told(lang)}


def _english(verdict: Verdict) -> list[str]:
    r = verdict.receipt
    lines = [f"genuine: the receipt of delivery {r.delivery} is the bureau's, unaltered, and its counts add up"]
    if r.refusal is not None:
        lines.append(f"the delivery was refused ({r.refusal.reason})")
    else:
        lines.append(counts(r, "en"))
    if r.held_by:
        lines.append(f"it is held back, no accepted row counts: it does not meet {', '.join(r.held_by)}")
    if verdict.row is not None:
        reasons = "; ".join(f"{x.column or 'row'}: {x.reason}" for x in r.reasons(verdict.row))
        fate = f"it was rejected ({reasons})" if reasons else "it was not rejected"
        lines.append(f"row {verdict.row} is in it, with these very bytes; {fate}")
    return lines


def _chinese(verdict: Verdict) -> list[str]:
    r = verdict.receipt
    lines = [f"真实：批次 {r.delivery} 的回执确为数据局所发，未经改动，数目相符"]
    if r.refusal is not None:
        lines.append(f"该批次整体被拒收（{r.refusal.reason}）")
    else:
        lines.append(counts(r, "zh"))
    if r.held_by:
        lines.append(f"该批次已扣留，接受的行暂不生效：不符合 {'、'.join(r.held_by)}")
    if verdict.row is not None:
        reasons = "；".join(f"{x.column or '整行'}：{x.reason}" for x in r.reasons(verdict.row))
        fate = f"该行被退回（{reasons}）" if reasons else "该行未被退回"
        lines.append(f"第 {verdict.row} 行在其中，字节完全一致；{fate}")
    return lines
