"""A prefill as it is told, its values attested under one signature."""

from __future__ import annotations

from typing import Any

from exchange.counter import Counter
from exchange.prefill.answering import Teller
from exchange.prefill.filling import Filled
from licence_vault.attestations import attest
from onefile.verify.reading import instant_text


def told(counter: Counter, filled: Filled) -> dict[str, Any]:
    """Return the parts of the answer; `attestations` None where no value could be told."""
    known = counter.catalogue.declarations
    teller = Teller(known, filled.views, filled.numbers, counter.today(), filled.earlier, filled.counting)
    found = teller.told(filled.needs)
    attestations = None
    if found.claims:
        claims = [claim for claim, _ in found.claims]
        made = attest(claims, filled.case.number, counter.settings.counter_url, counter.now(), counter.attester(),
                      counter.random)  # fmt: skip
        for (_, part), attestation in zip(found.claims, made.attestations, strict=True):
            part["attestation"] = attestation
        attestations = {"batch": made.batch, "root": made.root, "ends_at": instant_text(made.ends_at)}
    return {"acting": filled.caller.acting, **found.parts, "attestations": attestations}
