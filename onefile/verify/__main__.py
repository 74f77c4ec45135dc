"""`python -m onefile.verify`: verify a receipt or a licence with nothing but files."""

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
from onefile.verify.reading import read_file
from onefile.verify.verdict import Verdict, as_json, error_as_json, judge, told, told_error

EXIT_CODES = (
    "exit codes: 0 genuine, and a licence in force; 1 a file cannot be read or the trust file is unusable; "
    "2 wrong use; 3 a genuine licence that is not in force, or its status unknown; 4 not genuine"
)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Verify what the arguments name, print the verdict, return the exit code."""
    options = _parser(environ).parse_args(arguments)
    if (options.row is None) != (options.proof is None):
        _parser(environ).error("--row and --proof go together")
    if b'"onefile.licence/1"' in _beginning(options.paper):
        return _licence(options)
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


def _licence(options: argparse.Namespace) -> int:
    """Verify a licence, print the verdict, return the exit code."""
    from onefile.verify import licence_verdict as verdicts

    now = datetime.now(UTC)
    try:
        verdict = verdicts.judge_licence(
            read_file(options.paper),
            read_file(options.trust),
            options.on or now.astimezone(verdicts.BEIJING).date(),
            status=None if options.status is None else read_file(options.status),
            now=None if options.on else now,
        )
    except VerificationError as error:
        if options.json:
            told = {"verdict": verdicts.code_of(error), "words": error.told(options.lang)}
            sys.stdout.write(f"{json.dumps(told, ensure_ascii=False)}\n")
        else:
            sys.stderr.write(f"{told_error(error, options.lang)}\n")
        return error.exit_code
    as_object = verdicts.as_json(verdict, options.lang)
    text = json.dumps(as_object, ensure_ascii=False) if options.json else verdicts.told(verdict, options.lang)
    sys.stdout.write(f"{text}\n")
    return verdict.exit_code


def _beginning(path: Path) -> bytes:
    """Return the bytes in which a paper says what it is; the keys of a licence are in no order, so all of them."""
    try:
        return read_file(path)
    except VerificationError:
        return b""


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
        description="Verify a receipt or a licence of the bureau, offline.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("paper", metavar="FILE", type=Path, help="the receipt (DSSE envelope), or an exported licence")
    parser.add_argument("--trust", metavar="FILE", type=Path, required=True, help="the bureau's public keys")
    parser.add_argument("--row", metavar="FILE", type=Path, help="a record's bytes, to prove that it is in the receipt")
    parser.add_argument("--proof", metavar="FILE", type=Path, help="the proof for that row")
    parser.add_argument("--on", metavar="DATE", type=date.fromisoformat, help="the day to judge a licence (today)")
    parser.add_argument("--status", metavar="FILE", type=Path, help="a status list for the licence")
    parser.add_argument("--lang", choices=("zh", "en"), default=_lang(environ))
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    return parser


def _lang(environ: Mapping[str, str]) -> str:
    names = ("ONEFILE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((environ[name] for name in names if environ.get(name)), "")
    return "zh" if chosen.startswith("zh") else "en"


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:], os.environ))
