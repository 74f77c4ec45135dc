"""The score of a home as text, for a person, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from onefile.cli.tables import aligned
from samples.scoring.score import Score
from samples.scoring.shares import Share, total

HEADINGS = {
    "zh": ("问题种类", "埋设", "发现", "误报", "查全率", "查准率"),
    "en": ("kind", "planted", "found", "false alarms", "recall", "precision"),
}
SAID = {
    "zh": {
        "missing": "没有回执的批次：{names}",
        "miscounted": "回执数目与真相不符的批次：{names}",
        "winners": "档案数据项与声明的排序结果一致：{equal:,}/{of:,}（{share:.4%}）{worst}",
        "true": "档案数据项与真相一致：{equal:,}/{of:,}（{share:.2%}）{worst}",
        "worst": "；最少的：{names}",
        "good": "合格",
        "bad": "不合格",
    },
    "en": {
        "missing": "deliveries without a receipt: {names}",
        "miscounted": "deliveries whose receipt has other counts than the truth: {names}",
        "winners": "one-file values that are the declared ranking's winner: {equal:,} of {of:,} ({share:.4%}){worst}",
        "true": "one-file values that are true: {equal:,} of {of:,} ({share:.2%}){worst}",
        "worst": "; the fewest: {names}",
        "good": "good",
        "bad": "not good enough",
    },
}
_WORST = 4


def as_json(score: Score) -> str:
    """Return the score as one JSON object."""
    kinds = {
        k.kind: {
            "planted": k.planted, "found": k.found, "false_alarms": k.false_alarms, "recall": k.recall,
            "precision": k.precision,
        }
        for k in score.kinds
    }  # fmt: skip
    said = {
        "is_good": score.is_good,
        "kinds": kinds,
        "missing": score.missing,
        "miscounted": score.miscounted,
        "winners": {f"{kind}.{name}": [s.equal, s.of] for (kind, name), s in score.winners.items()},
        "true": {f"{kind}.{name}": [s.equal, s.of] for (kind, name), s in score.true.items()},
    }
    return json.dumps(said, ensure_ascii=False, indent=2)


def as_text(score: Score, lang: str) -> str:
    """Return the score as a table and some sentences."""
    rows = [
        (k.kind, f"{k.planted:,}", f"{k.found:,}", f"{k.false_alarms:,}", f"{k.recall:.4f}", f"{k.precision:.4f}")
        for k in score.kinds
    ]
    return "\n".join([aligned([HEADINGS[lang], *rows]), *_sentences(score, SAID[lang])])


def _sentences(score: Score, say: dict[str, str]) -> Iterator[str]:
    for name in ("missing", "miscounted"):
        if getattr(score, name):
            yield say[name].format(names=", ".join(getattr(score, name)))
    for name in ("winners", "true"):
        shares: dict[tuple[str, str], Share] = dict(getattr(score, name))
        every = total(shares)
        low = sorted((s for s in shares.items() if s[1].share < 1), key=lambda pair: pair[1].share)[:_WORST]
        worst = ", ".join(f"{kind}.{attribute} {s.share:.2%}" for (kind, attribute), s in low)
        text = say["worst"].format(names=worst) if worst else ""
        yield say[name].format(equal=every.equal, of=every.of, share=every.share, worst=text)
    yield say["good"] if score.is_good else say["bad"]
