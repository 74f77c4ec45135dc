"""`python -m onefile.verify`: verify a receipt, licence, presentation, form, batch or archive package, offline."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from onefile.verify.errors import VerificationError
from onefile.verify.paper import RECEIPT, kind_of
from onefile.verify.reading import read_file
from onefile.verify.verdict import Verdict, as_json, error_as_json, judge, told, told_error

EXIT_CODES = (
    "exit codes: 0 genuine, and a licence in force; 1 a file cannot be read or the trust file is unusable; "
    "2 wrong use; 3 a genuine licence that is not in force, or its status unknown, or a stale field of a form; "
    "4 not genuine, or a field of a form was tampered with"
)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Verify what the arguments name, print the verdict, return the exit code."""
    options = _parser(environ).parse_args(arguments)
    if (options.row is None) != (options.proof is None):
        _parser(environ).error("--row and --proof go together")
    if _kind(options.paper) != RECEIPT:
        return _paper(options)
    try:
        verdict = _judge(options)
    except VerificationError as error:
        if options.json:
            sys.stdout.write(f"{json.dumps(error_as_json(error, options.lang), ensure_ascii=False)}\n")
        else:
            sys.stderr.write(f"{told_error(error, options.lang)}\n")
        return error.exit_code
    text = json.dumps(as_json(verdict), ensure_ascii=False) if options.json else told(verdict, options.lang)
    sys.stdout.write(f"{text}\n")
    return 0


def _paper(options: argparse.Namespace) -> int:
    """Verify a licence or a presentation, print the verdict, return the exit code."""
    from onefile.verify.licence_verdict import BEIJING
    from onefile.verify.paper import Asked, error_told, judge_paper

    try:
        asked = Asked(
            trust=read_file(options.trust),
            now=options.at or datetime.now(UTC),
            zone=BEIJING,
            on=options.on,
            status=None if options.status is None else read_file(options.status),
            audience=options.audience,
            nonce=options.nonce,
            case=options.case,
            items=tuple(options.item),
            folder=options.paper.parent,
        )
        told = judge_paper(read_file(options.paper), asked, options.lang)
    except VerificationError as error:
        if options.json:
            sys.stdout.write(f"{json.dumps(error_told(error, options.lang), ensure_ascii=False)}\n")
        else:
            sys.stderr.write(f"{told_error(error, options.lang)}\n")
        return error.exit_code
    sys.stdout.write(f"{told.text(options.json)}\n")
    return told.exit_code


def _kind(path: Path) -> str:
    """Return the kind of a paper; the keys of a licence are in no order, so all of it is looked at."""
    try:
        return kind_of(read_file(path))
    except VerificationError:
        return RECEIPT


def _judge(options: argparse.Namespace) -> Verdict:
    return judge(
        read_file(options.paper),
        read_file(options.trust),
        None if options.row is None else read_file(options.row),
        None if options.proof is None else read_file(options.proof),
    )


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m onefile.verify",
        description="Verify a receipt, licence, presentation, filled form, batch or archive package, offline.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("paper", metavar="FILE", type=Path, help="receipt, licence, presentation, form, envelope")
    parser.add_argument("--trust", metavar="FILE", type=Path, required=True, help="the bureau's public keys")
    parser.add_argument("--row", metavar="FILE", type=Path, help="a record's bytes, to prove that it is in the receipt")
    parser.add_argument("--proof", metavar="FILE", type=Path, help="the proof for that row")
    parser.add_argument("--on", metavar="DATE", type=date.fromisoformat, help="the day to judge a licence (today)")
    parser.add_argument("--status", metavar="FILE", type=Path, help="a status list for the licence")
    parser.add_argument("--at", metavar="INSTANT", type=_instant, help="the present instant, instead of the clock")
    parser.add_argument("--audience", metavar="NAME", help="whom a presentation must be made for: yourself")
    parser.add_argument("--nonce", metavar="TEXT", help="what a presentation must answer: the nonce you asked with")
    parser.add_argument("--case", metavar="NUMBER", default="", help="the case that a form was handed in for: your own")
    parser.add_argument("--item", metavar="CODE", action="append", default=[], help="an item that it was for; repeat")
    parser.add_argument("--lang", choices=("zh", "en"), default=_lang(environ))
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    return parser


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant has an offset")
    return found


def _lang(environ: Mapping[str, str]) -> str:
    names = ("ONEFILE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((environ[name] for name in names if environ.get(name)), "")
    return "zh" if chosen.startswith("zh") else "en"


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:], os.environ))
