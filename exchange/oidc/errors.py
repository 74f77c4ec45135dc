"""Why somebody is not logged in. No message holds what a provider said of anybody."""

from __future__ import annotations

from exchange.errors import CounterError, Refusal


class BadProviders(CounterError):
    """The file that names the identity providers cannot be used."""

    exit_code = 2

    def __init__(self, what: str) -> None:
        super().__init__(f"the file of ONEFILE_OIDC cannot be used: {what}; write it as the how-to on identities says")


class UnknownProvider(Refusal):
    """No identity provider of that name is set up."""

    status, code, zh = 404, "unknown_provider", "未配置该身份认证源"

    def __init__(self) -> None:
        super().__init__("no identity provider of that name is set up here: ask the bureau which there are")


class ProviderGone(Refusal):
    """The identity provider does not answer, or not as it should."""

    status, code, zh = 503, "provider_unavailable", "身份认证源暂不可用"

    def __init__(self) -> None:
        super().__init__("the identity provider does not answer as it should: try again later")
        self.retry_after = 10


class LoginFailed(Refusal):
    """The login does not hold: it is not the one that was begun here, is over, or its proof is not the provider's."""

    status, code, zh = 403, "login_failed", "登录未完成或登录凭据无效，请重新登录"

    def __init__(self) -> None:
        super().__init__("the login does not hold: begin it anew at /oidc/{provider}/login")


class NotRegistered(Refusal):
    """The provider knows the person, but nobody has registered what that person may do here."""

    status, code, zh = 403, "not_registered", "该人员未在本系统登记"

    def __init__(self) -> None:
        super().__init__("you are known, but not registered here: let the bureau register you (`onefile official add`)")
