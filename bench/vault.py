"""How fast the vault is: `python -m bench.vault [--licences N] [--log N]`, in a folder of its own, with made-up data.

Every figure stands beside a plain Ed25519 signature or verification of `cryptography`, taken in
the same run: the ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import catalog
from licence_vault.certificates import Subject, certify, create_ca
from licence_vault.drafts import drafts
from licence_vault.exporting import export, opened
from licence_vault.issuing import issue
from licence_vault.log_folder import LogFolder
from licence_vault.notes import NoteSigner
from licence_vault.pdf import copies
from licence_vault.presentations.minting import Moment, Use, mint, present, signer_of
from licence_vault.status_lists import publish
from licence_vault.store import versions
from licence_vault.vault import Vault, open_vault
from onefile.verify.checkpoint import SignedCheckpoint
from onefile.verify.leaf import SALT_BYTES, commitment, entry_bytes
from onefile.verify.licence import PAYLOAD_TYPE, open_licence

AT = datetime(2026, 11, 23, tzinfo=UTC)
PAYLOAD = b"x" * 1_200
SAMPLE = 2_000


def main() -> None:
    """Run all, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--licences", type=int, default=100_000, help="licences to issue into log and database")
    parser.add_argument("--log", type=int, default=1_000_000, help="leaves of the log part alone")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    try:
        run(folder, options.licences, options.log)
    finally:
        shutil.rmtree(folder)


def run(folder: Path, licences: int, leaves: int) -> None:
    """Measure in a folder."""
    before_it = bare()
    seconds, making = log_part(folder / "log-only", leaves)
    signing, verifying = ((a + b) / 2 for a, b in zip(before_it, bare(), strict=True))
    say("Ed25519 signatures, one by one (before and after, the mean)", signing, signing)
    say(f"log part: hash, tiles, checkpoint, one signature ({leaves:,} leaves)", leaves / (seconds - making), signing)
    say("the same with the commitments to 1.2 kB each", leaves / seconds, signing)
    vault = open_vault(
        folder / "home", f"sqlite:///{folder}/serving.db", folder / "home/keys/passphrase", "bench.example/log", AT
    )
    before = memory()
    began = time.perf_counter()
    issue_all(vault, licences)
    took = time.perf_counter() - began
    say(f"issued into log and SQLite ({licences:,})", licences / took, signing)
    print(f"  memory grew by {memory() - before:,} kB while issuing")
    began = time.perf_counter()
    publish(vault, at=AT, day=date(2026, 11, 23))
    print(f"  status lists: {time.perf_counter() - began:.1f} s; log on disk: {size_of(vault.log.folder):,} bytes")
    proofs(vault, licences, verifying)
    presentations(vault, licences, signing)


def presentations(vault: Vault, licences: int, signing: float) -> None:
    """Measure presentations (signed, and each recorded in the database) and annotated copies, one by one."""
    kind = catalog.load().declarations.licences["food_operation_permit"]
    with vault.looking() as connection:
        kept = [opened(vault, version) for version in versions(connection, 0, min(200, licences))]
    wanted = Use("health", ("ZZMC", "ZZBH", "CZZT", "KZ_JYXM"), "0102", "2026-17", "n-1", "grant G", "bench")
    moment = Moment(AT, ZoneInfo("Asia/Shanghai"))
    signer = signer_of(vault, AT)
    began = time.perf_counter()
    with vault.tables() as connection:
        for one in kept:
            mint(connection, vault, one, kind, wanted, moment, signer, os.urandom)
    say("presentations made (SD-JWT, one signature each)", len(kept) / (time.perf_counter() - began), signing)
    began = time.perf_counter()
    for one in kept[:50]:
        present(vault, one, kind, wanted, moment)
    say("presentations made and recorded, one by one", 50 / (time.perf_counter() - began), signing)
    create_ca(vault.keystore, Subject("CA", "bench"), AT, os.urandom)
    vault.keystore.create_key("copies-1", use=copies.USE, at=AT, algorithm="ECDSA-P256")
    certify(vault.keystore, "copies-1", Subject("copies", "bench"), AT, os.urandom)
    copies.copy(vault, kept[0], kind, wanted, moment)
    began, computed = time.perf_counter(), time.process_time()
    for one in kept[:10]:
        copies.copy(vault, one, kind, wanted, moment)
    wall, processor = (time.perf_counter() - began) / 10, (time.process_time() - computed) / 10
    print(f"  annotated copies, warm: {1000 * wall:.0f} ms each, {1000 * processor:.0f} ms of the processor")


def bare() -> tuple[float, float]:
    """Return how many signatures and verifications of a payload a second `cryptography` does."""
    key = Ed25519PrivateKey.generate()
    message, public = PAYLOAD, key.public_key()
    signature = key.sign(message)
    return rate(lambda: key.sign(message)), rate(lambda: public.verify(signature, message))


def log_part(home: Path, leaves: int) -> tuple[float, float]:
    """Append a batch; return the seconds it took, and how many of them made commitments and entries."""
    vault = open_vault(home, f"sqlite:///{home}/serving.db", home / "keys/passphrase", "bench.example/log-only", AT)
    folder, signer = LogFolder(home / "log", vault.trust), NoteSigner.of(vault.keystore.active_key("log"))
    before = memory()
    began = time.perf_counter()
    with folder.writing(signer) as writer:
        writer.append(_entries(leaves))
    took = time.perf_counter() - began
    print(f"  memory grew by {memory() - before:,} kB; {size_of(folder.folder) / leaves:.0f} bytes a leaf on disk")
    again = time.perf_counter()
    with folder.writing(signer) as writer:
        writer.append(_entries(1000))
    print(f"  1,000 more leaves on top of them: {time.perf_counter() - again:.3f} s")
    tree = folder.tree()
    size = leaves + 1000
    step = max(1, leaves // SAMPLE)
    spread = time.perf_counter()
    for index in range(0, leaves, step):
        tree.inclusion_proof(index, size)
    count = len(range(0, leaves, step))
    print(f"  proofs spread over the log: {count / (time.perf_counter() - spread):,.0f} a second")
    began = time.perf_counter()
    deque(_entries(leaves), maxlen=0)
    return took, time.perf_counter() - began


def issue_all(vault: Vault, count: int) -> None:
    """Issue made-up permits as one batch."""
    declared = catalog.load().declarations
    kind = declared.licences["food_operation_permit"]
    made = drafts(kind, declared.tables[kind.table], _rows(count))
    issue(vault, made, batch_id="bench", at=AT, day="2026-11-23")


def proofs(vault: Vault, licences: int, verifying: float) -> None:
    """Measure exports and verifications of a sample of licences that follow each other."""
    with vault.looking() as connection:
        kept = [opened(vault, version) for version in versions(connection, 0, min(SAMPLE, licences))]
    began = time.perf_counter()
    files = [export(vault, one, None) for one in kept[:500]]
    say("exports with proof", len(files) / (time.perf_counter() - began), verifying)
    say("bare Ed25519 verifications", verifying, verifying)
    cold = timed(files, lambda file: open_licence(file, vault.trust))
    say("licences verified, cold", cold, verifying)
    known: dict[bytes, SignedCheckpoint] = {}
    warm = timed(files, lambda file: open_licence(file, vault.trust, known))
    say("licences verified, checkpoint known", warm, verifying)


def timed(files: list[bytes], work: Callable[[bytes], object]) -> float:
    """Return how many files a second the work takes."""
    began = time.perf_counter()
    for file in files:
        work(file)
    return len(files) / (time.perf_counter() - began)


def rate(work: Callable[[], object], seconds: float = 2.0) -> float:
    """Return how often a second the work can be done."""
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(100):
            work()
        count += 100
    return count / (time.perf_counter() - began)


def say(what: str, found: float, beside: float) -> None:
    """Print a figure and its ratio to the plain one."""
    print(f"{what:<75} {found:>12,.0f} /s   × {found / beside:.2f}")


def memory() -> int:
    """Return the most memory that this process ever held, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _entries(count: int) -> Iterator[bytes]:
    kind, issuer = "116901000005202685002", "116901000005202685"
    for number in range(count):
        content = commitment(number.to_bytes(SALT_BYTES, "big"), PAYLOAD_TYPE, PAYLOAD)
        yield entry_bytes(kind, issuer, 1, "2026-11-23T00:00:00Z", content)


def _rows(count: int) -> Iterator[dict[str, object]]:
    row = json.loads(
        '{"holder_code": "116901000005202685", "holder_name": "样例餐饮店", "kind": "1", "items": "热食类食品制售",'
        ' "address": "样例市东湾区", "issued_on": "2025-01-01", "expires_on": "2029-12-31", "state": "valid"}'
    )
    for number in range(count):
        yield {**row, "permit_no": f"JY1{number:013d}"}


if __name__ == "__main__":
    main()
