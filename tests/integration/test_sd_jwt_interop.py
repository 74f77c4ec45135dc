"""Presentations and two implementations that others wrote, in Python and in JavaScript: each takes the other's."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from licence_vault import status_lists
from licence_vault.presentations import sd_jwt
from licence_vault.signers import signer
from onefile.verify.presentation import USE
from tests.papers import AT
from tests.presented import ASKED, House, Token

SCRIPT = Path(__file__).parents[1] / "interop" / "sd_jwt_vc.mjs"
PACKAGES = Path(__file__).parents[2] / ".interop"
ALGORITHMS = {"Ed25519": "EdDSA", "ECDSA-P256": "ES256"}
NOW = int(AT.timestamp())
node = pytest.mark.skipif(
    shutil.which("node") is None or not (PACKAGES / "node_modules").exists(),
    reason="node, or what tools/setup-test puts into .interop, is missing",
)


@pytest.fixture(scope="module", params=sorted(ALGORITHMS))
def house(request, tmp_path_factory):
    return House(tmp_path_factory.mktemp("home"), request.param)


def jwk(private):
    return JWK.from_pyca(private)


def key_of(house):
    return jwk(house.vault.keystore.active_key(USE).private)


def algorithm(house):
    return ALGORITHMS[house.signer.algorithm]


@pytest.fixture
def holder(house):
    return Ed25519PrivateKey.generate() if algorithm(house) == "EdDSA" else ec.generate_private_key(ec.SECP256R1())


def pem(private):
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def called(**asked):
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", SCRIPT.read_text(encoding="utf-8")],
        input=json.dumps(asked), capture_output=True, text=True, check=True, cwd=PACKAGES,
    )  # fmt: skip
    return json.loads(done.stdout)


def npm_takes(house, token, **more):
    """What the npm implementation says of a presentation, with the status list that it fetches."""
    status_lists.publish(house.vault, at=AT, day=AT.date())
    listed = status_lists.current(house.vault.home, 0)
    key = key_of(house).export_public(as_dict=True)
    return called(
        **{"do": "verify", "token": token, "jwk": key, "alg": algorithm(house), "at": NOW, "list": listed, **more}
    )


def without_fields(content):
    """Header, claims and fields of one of ours, for another to issue anew."""
    token = Token(content)
    claims = {name: value for name, value in token.claims.items() if name not in ("_sd", "_sd_alg")}
    return token.header, claims


FIELDS = {"ZZMC": "食品经营许可证", "KZ_JYXM": "热食类食品制售"}


def test_the_python_implementation_takes_ours(house):
    content = house.show().content.decode()
    key = JWK.from_json(key_of(house).export_public())
    found = SDJWTVerifier(content, lambda _issuer, _header: key)
    payload = found.get_verified_payload()
    assert payload.items() >= {"CZZT": "样例餐饮店1号", "aud": "health", "nonce": ASKED.nonce, **FIELDS}.items()


def test_the_python_implementation_takes_ours_with_the_holder_s_key(house, holder):
    shown = house.show(holder_key=pem(holder)).content.decode()
    bound = sd_jwt.bind(shown, "health", ASKED.nonce, NOW + 1, signer("h", holder))
    key = JWK.from_json(key_of(house).export_public())
    if algorithm(house) == "ES256":  # the one algorithm of a holder's key that this implementation takes
        made = SDJWTVerifier(bound, lambda _issuer, _header: key, "health", ASKED.nonce)
        assert made.get_verified_payload()["ZZMC"] == "食品经营许可证"
        with pytest.raises(ValueError, match="nonce"):
            SDJWTVerifier(bound, lambda _issuer, _header: key, "health", "another")


def test_we_take_what_the_python_implementation_issued_and_bound(house, holder):
    header, claims = without_fields(house.show(holder_key=pem(holder)).content)
    now = int(time.time())  # that implementation dates its binding by the clock
    claims.update(iat=now, nbf=now, exp=now + 600)
    del claims["cnf"]
    made = SDJWTIssuer(
        {**claims, **{SDObj(name): value for name, value in FIELDS.items()}},
        key_of(house),
        jwk(holder),
        sign_alg=algorithm(house),
        extra_header_parameters={"typ": "dc+sd-jwt", "kid": header["kid"]},
    )
    taken = SDJWTHolder(made.sd_jwt_issuance)
    taken.create_presentation({"ZZMC": True}, ASKED.nonce, "health", jwk(holder), algorithm(house))
    shown = house.open(taken.sd_jwt_presentation)
    assert (shown.data, shown.is_bound) == ({"ZZMC": "食品经营许可证"}, True)


@node
def test_the_npm_implementation_takes_ours_status_list_and_all(house):
    content = house.show().content.decode()
    found = npm_takes(house, content)
    assert found["payload"].items() >= {"CZZT": "样例餐饮店1号", "aud": "health", **FIELDS}.items(), found
    assert "expired" in npm_takes(house, content, at=NOW + 3600)["error"]


@node
def test_the_npm_implementation_takes_ours_with_the_holder_s_key(house, holder):
    shown = house.show(holder_key=pem(holder)).content.decode()
    bound = sd_jwt.bind(shown, "health", ASKED.nonce, NOW + 1, signer("h", holder))
    found = npm_takes(house, bound, nonce=ASKED.nonce)
    assert found["kb"]["aud"] == "health", found
    assert "nonce" in npm_takes(house, bound, nonce="another")["error"].lower()


@node
def test_we_take_what_the_npm_implementation_issued_and_bound(house, holder):
    header, claims = without_fields(house.show(holder_key=pem(holder)).content)
    key, own = key_of(house).export(as_dict=True), jwk(holder).export(as_dict=True)
    made = called(
        do="issue", claims=claims, fields=FIELDS, jwk=key, alg=algorithm(house), header={"kid": header["kid"]}
    )
    assert "token" in made, made
    bound = called(
        do="bind", token=made["token"], alg=algorithm(house), holder=own, fields=["KZ_JYXM"],
        payload={"iat": NOW + 2, "aud": "health", "nonce": ASKED.nonce},
    )  # fmt: skip
    shown = house.open(bound["token"])
    assert (shown.data, shown.is_bound) == ({"KZ_JYXM": "热食类食品制售"}, True)
