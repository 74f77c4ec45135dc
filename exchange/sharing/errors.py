"""Why a recipient does not get a table: one class a reason, as in `exchange.errors`."""

from __future__ import annotations

from exchange.errors import Refusal


class ShareTokenInvalid(Refusal):
    """The token is of no share, or it is over, or its share is."""

    status, code, zh = 401, "share_token_invalid", "共享令牌无效或已过期"

    def __init__(self) -> None:
        super().__init__("the token opens no share any more: ask the bureau for a new profile file")


class LinkInvalid(Refusal):
    """A link to a file was not signed by us, was altered, is over, or what it opened is shared no more."""

    status, code, zh = 403, "link_invalid", "下载链接无效或已过期，请重新查询该表"

    def __init__(self) -> None:
        super().__init__("the link does not open this file, or not any more: query the table again for new links")


class VersionNotKept(Refusal):
    """A version of a table is asked for that never was, or that is not kept any more."""

    status, code, zh = 404, "version_not_kept", "该版本不存在或不再保留，请读取当前版本"

    def __init__(self) -> None:
        super().__init__(
            "the table has no such version, or keeps it no more: load the table as it is, then its changes"
        )
