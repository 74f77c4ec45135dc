"""The counter as a client sees it: one method for each thing that can be asked."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from time import sleep
from typing import Any
from urllib.parse import quote

import httpx2

from onefile.client.checking import check
from onefile.client.credentials import Credentials
from onefile.client.errors import AnswerNotGenuine, Refused, Unreachable
from onefile.client.purpose import Purpose
from onefile.verify.trust import Trust, read_trust

TRIES = 4
AGAIN = (408, 429, 500, 502, 503, 504)
MOST_SECONDS_TO_WAIT = 30
UNSAID = "application/octet-stream"
Numbers = Iterable[str]


def _clock() -> datetime:
    return datetime.now(UTC)


class Counter:
    """Asks one counter. Holds a connection open: use it in a `with` block, or `close` it. For one thread."""

    def __init__(
        self, url: str, client_id: str, key: bytes, trust: bytes, *, transport: httpx2.BaseTransport | None = None,
        now: Callable[[], datetime] = _clock, pause: Callable[[float], None] = sleep, lang: str = "zh",
    ) -> None:  # fmt: skip
        """Make a client.

        Args:
            url: where the counter is, like https://counter.city.example.
            client_id: as the bureau registered it.
            key: the client's private key, PEM or JWK.
            trust: the bureau's trust file, handed over by it: an answer that none of its keys signed is refused.
            transport: what carries requests, instead of the network.
            now, pause: the clock, and how to wait.

        Raises:
            BadKey, MalformedTrust: key or trust file cannot be used.
        """
        self._url = url.rstrip("/")
        self._trust: Trust = read_trust(trust)
        self._now, self._pause = now, pause
        self._credentials = Credentials(client_id, key, now)
        self._http = httpx2.Client(
            base_url=self._url, transport=transport, timeout=httpx2.Timeout(30, connect=5), follow_redirects=False,
            headers={"Accept-Language": lang},
        )  # fmt: skip

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def register_case(
        self, draft: str, item: str, department: str, parties: Iterable[Mapping[str, str]], **more: Any
    ) -> Any:
        """Register a draft before anything is asked for it; again, it changes nothing."""
        body = {"draft": draft, "item": item, "department": department, "parties": list(parties), **more}
        return self.call("POST", "/v1/cases", body)

    def report(self, case: str, step: str, at: datetime, **more: Any) -> Any:
        """Report a step of a case."""
        return self.call("POST", f"/v1/cases/{case}/steps", {"step": step, "at": at.isoformat(), **more})

    def files(self, purpose: Purpose, numbers: Numbers, fields: Iterable[str] = (), **more: Any) -> Any:
        """Ask for granted fields of one files."""
        return self.call("POST", "/v1/files/query", {**_subjects(numbers), "fields": list(fields), **more}, purpose)

    def prefill(self, purpose: Purpose, items: Iterable[str], applicant: str | None, **more: Any) -> Any:
        """Ask what a case still needs, and for its form filled; `more` as the body of `/v1/prefill` has it."""
        who = {} if applicant is None else {"applicant": {"number": applicant}}
        return self.call("POST", "/v1/prefill", {"items": list(items), **who, **more}, purpose)

    def check_form(
        self, purpose: Purpose, items: Iterable[str], applicant: str | None, form: Mapping[str, Any], **more: Any
    ) -> Any:  # fmt: skip
        """Ask what each field of a form is that was handed in; `form` has its `batches` and `fields`."""
        who = {} if applicant is None else {"applicant": {"number": applicant}}
        return self.call("POST", "/v1/prefill/check", {"items": list(items), **who, **form, **more}, purpose)

    def call(
        self, method: str, path: str, body: Any = None, purpose: Purpose | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        """Ask anything; return the JSON of a genuine answer.

        A request that got no answer, or was told to come again, is tried again, under one idempotency key.

        Raises:
            Refused: the counter says no, or there is no more time to try.
            AnswerNotGenuine: the answer is not to be believed.
            Unreachable: no answer came.
        """
        return self.fetch(method, path, body, purpose, headers).json()

    def fetch(
        self, method: str, path: str, body: Any = None, purpose: Purpose | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:  # fmt: skip
        """Ask anything; return a genuine answer as it came. Errors as `call`."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        return self._send(method, path, content, "" if body is None else "application/json", purpose, headers)

    def deposit(self, about: Mapping[str, Any], name: str, data: bytes, media_type: str = UNSAID) -> Any:
        """Deposit a material that somebody verified (`POST /v1/materials`); return what became of it.

        Args:
            about: its kind, holder, case, and who verified it against what, on which day.
            name: what the file is called, without a path.

        Raises:
            Refused, AnswerNotGenuine, Unreachable: as `call`.
        """
        mark = os.urandom(16).hex()
        parts = (
            ('name="about"', "application/json", json.dumps(dict(about)).encode("utf-8")),
            (f'name="file"; filename="{quote(name)}"', media_type, data),
        )
        content = b"".join(
            f"--{mark}\r\nContent-Disposition: form-data; {said}\r\nContent-Type: {kind}\r\n\r\n".encode("ascii")
            + body + b"\r\n"
            for said, kind, body in parts
        ) + f"--{mark}--\r\n".encode("ascii")  # fmt: skip
        return self._send("POST", "/v1/materials", content, f"multipart/form-data; boundary={mark}", None, None).json()

    def _send(
        self, method: str, path: str, content: bytes, media_type: str, purpose: Purpose | None,
        headers: Mapping[str, str] | None,
    ) -> httpx2.Response:  # fmt: skip
        sent = {
            "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode('ascii')}:",
            "Idempotency-Key": os.urandom(16).hex(),
            **({"Content-Type": media_type} if media_type else {}),
            **(purpose.headers() if purpose is not None else {}),
            **(headers or {}),
        }
        for left in range(TRIES - 1, -1, -1):
            response = self._try(method, path, content, sent, left)
            if response is not None:
                return response
        raise Unreachable(TRIES, "no answer")

    def _try(
        self, method: str, path: str, content: bytes, sent: Mapping[str, str], left: int
    ) -> httpx2.Response | None:  # fmt: skip
        """Send once; return the answer, or None when it is to be tried again."""
        authorised = {**sent, "Authorization": f"Bearer {self.token()}"}
        try:
            response = self._http.request(method, path, content=content, headers=authorised)
        except httpx2.TransportError as error:
            if not left:
                raise Unreachable(TRIES, type(error).__name__) from None
            self._pause(_wait(TRIES - left))
            return None
        if response.is_success or response.status_code == 304:
            check(response, self._trust, self._now)
            return response
        self._refused(response, left)
        return None

    def _refused(self, response: httpx2.Response, left: int) -> None:
        """Return where it is to be tried again; else raise Refused."""
        refused = _refusal(response)
        if refused.status == 401 and refused.code == "token_invalid" and left:
            self._credentials.forget()
            return
        wait = refused.retry_after or _wait(TRIES - left)
        if refused.status not in AGAIN or not left or wait > MOST_SECONDS_TO_WAIT:
            raise refused
        self._pause(wait)

    def token(self) -> str:
        """Return an access token that lives a while yet; Refused when there is none to be had."""
        kept = self._credentials.token
        if kept is not None:
            return kept
        try:
            response = self._http.post("/oauth/token", data=self._credentials.form(f"{self._url}/oauth/token"))
        except httpx2.TransportError as error:
            raise Unreachable(1, type(error).__name__) from None
        if not response.is_success:
            raise _refusal(response)
        found = response.json()
        return self._credentials.keep(str(found["access_token"]), int(found["expires_in"]))


def _subjects(numbers: Numbers) -> dict[str, Any]:
    return {"subjects": [{"number": number} for number in numbers]}


def _wait(tried: int) -> float:
    return min(0.2 * 2.0**tried, 5.0)


def _refusal(response: httpx2.Response) -> Refused:
    try:
        problem = response.json()
    except ValueError:
        raise AnswerNotGenuine("it is neither an answer nor a problem") from None
    said = response.headers.get("retry-after", "")
    return Refused(
        response.status_code, problem if isinstance(problem, dict) else {}, int(said) if said.isdecimal() else None
    )
