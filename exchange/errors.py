"""Why the counter does not answer as asked: one class a reason, each with its status and its stable code.

The message is English and for people; `zh` is the same in Chinese. Neither ever holds what was asked about.
"""

from __future__ import annotations

from onefile.errors import OneFileError


class CounterError(OneFileError):
    """The root of this package's errors."""


class Refusal(CounterError):
    """A request is refused. `status` is HTTP's, `code` stays for good, `zh` says it in Chinese."""

    status = 400
    code = "refused"
    zh = "请求被拒绝"
    retry_after: int | None = None


class TokenMissing(Refusal):
    """There is no access token with the request."""

    status, code, zh = 401, "token_missing", "缺少访问令牌，请先从 /oauth/token 获取"

    def __init__(self) -> None:
        super().__init__("this needs an access token: get one at /oauth/token and send it as a bearer token")


class TokenInvalid(Refusal):
    """The access token is not one of ours, not for us, over, or its owner may come no more."""

    status, code, zh = 401, "token_invalid", "访问令牌无效或已过期，请从 /oauth/token 重新获取"

    def __init__(self) -> None:
        super().__init__("the access token does not hold here any more: get another one at /oauth/token")


class TokenNotBound(Refusal):
    """The access token is bound to another certificate than the connection's, or the connection shows none."""

    status, code, zh = 401, "token_not_bound", "访问令牌与客户端证书不符"

    def __init__(self) -> None:
        super().__init__("the access token is bound to another certificate: connect with the one it was issued to")


class RoleNotAllowed(Refusal):
    """None of the caller's roles may use the route."""

    status, code, zh = 403, "role_not_allowed", "当前角色无权使用该接口（onefile explain 可查哪些角色可用）"

    def __init__(self, route: str) -> None:
        super().__init__(f"no role of yours may use {route}: `onefile explain` says which role may")


class RelationNotAllowed(Refusal):
    """The caller's role may use the route, but not for this thing, which is not its own."""

    status, code, zh = 403, "relation_not_allowed", "该对象与您无关，无权操作"

    def __init__(self, route: str) -> None:
        super().__init__(f"{route} is for what is your own only, and this is not")


class GuardianNeeded(Refusal):
    """A person under 14 comes alone."""

    status, code, zh = 403, "guardian_needed", "不满十四周岁的，须由监护人代为办理"

    def __init__(self) -> None:
        super().__init__("for a person under 14 the guardian acts: let the guardian come with a mandate")


class MandateNotGood(Refusal):
    """The mandate to act for another is not there, not the caller's, over, or not for this."""

    status, code, zh = 403, "mandate_not_good", "代办授权不存在、已失效或不含此事项"

    def __init__(self) -> None:
        super().__init__("the mandate named is not yours, is over, or does not reach so far: name another one")


class AssuranceTooLow(Refusal):
    """The applicant was identified at a lower level than this needs."""

    status, code, zh = 403, "assurance_too_low", "实名认证等级不足"

    def __init__(self, wanted: int) -> None:
        super().__init__(f"this needs an identity proved at level {wanted}: log in with a stronger proof")


class GrantMissing(Refusal):
    """The request names no grant, or none that could be one."""

    status, code, zh = 400, "grant_missing", "缺少共享授权编号（Onefile-Grant）"

    def __init__(self) -> None:
        super().__init__("name your grant in the header Onefile-Grant, like G20261129-0001")


class PurposeMissing(Refusal):
    """The request does not say for which item and case it asks."""

    status, code, zh = 400, "purpose_missing", "缺少事项编码或办件编号（Onefile-Item、Onefile-Case）"

    def __init__(self) -> None:
        super().__init__("name item and case in the headers Onefile-Item and Onefile-Case, without anybody's number")


class GrantNotYours(Refusal):
    """The caller's department has no such grant."""

    status, code, zh = 403, "grant_not_yours", "本部门没有该共享授权，可在 /v1/grants 查看"

    def __init__(self) -> None:
        super().__init__("your department has no such grant: look at /v1/grants")


class GrantOver(Refusal):
    """The grant gives nothing today: suspended, ended, outside its period, or its resource is gone."""

    status, code, zh = 403, "grant_not_in_force", "共享授权当前不可用（已暂停、终止、过期或目录已变更）"

    def __init__(self, grant_id: str, why: str) -> None:
        super().__init__(f"grant {grant_id} gives nothing today: {why}")
        self.zh = f"{type(self).zh}：{grant_id}"


class ModeNotGranted(Refusal):
    """The grant is for another way of asking."""

    status, code, zh = 403, "mode_not_granted", "共享授权不含该调用方式"

    def __init__(self, mode: str) -> None:
        super().__init__(f"the grant is for mode {mode}, which does not allow this call: apply for another one")


class ItemNotGranted(Refusal):
    """The grant is not for that service item."""

    status, code, zh = 403, "item_not_granted", "共享授权不含该事项"

    def __init__(self) -> None:
        super().__init__("the grant does not cover the item in Onefile-Item: ask for one of its items")


class FieldNotGranted(Refusal):
    """A field is asked for that the grants cited do not give, or that is not there."""

    status, code, zh = 403, "field_not_granted", "所请求的数据项不在共享授权范围内，请去掉（/v1/grants 可查已授权项）"

    def __init__(self) -> None:
        super().__init__("a field that you ask for is not granted, or is none: leave it out; /v1/grants says which are")


class RowsNotSupplied(Refusal):
    """The grant holds, but the rows that it gives are not at the counter yet."""

    status, code, zh = 409, "rows_not_supplied", "该资源的记录尚未供到窗口，请在下一次发布后再试"

    def __init__(self) -> None:
        super().__init__(
            "what the grant gives of the resource's rows is not at the counter yet: it comes with the bureau's next"
            " publication after the grant; ask again then"
        )


class QuotaUsedUp(Refusal):
    """Today's looks under the grant are used up."""

    status, code, zh = 429, "quota_used_up", "共享授权当日调用次数已用完，请明日再试或申请增加"

    def __init__(self, seconds: int) -> None:
        super().__init__("today's quota of the grant is used up: ask again tomorrow, or apply for more")
        self.retry_after = seconds


class SlowDown(Refusal):
    """The caller guesses, or asks faster than it may."""

    status, code, zh = 429, "slow_down", "核验错误次数过多，请稍后再试"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many wrong guesses: wait {seconds} seconds; they are on the auditor's list")
        self.retry_after = seconds


class CaseUnknown(Refusal):
    """The case cited was never registered here, or belongs to others."""

    status, code, zh = 403, "case_unknown", "办件未登记，或不属于本部门，请先登记（POST /v1/cases）"

    def __init__(self) -> None:
        super().__init__("no case of yours has that number: register its draft first (POST /v1/cases)")


class CaseClosed(Refusal):
    """The case cited is over."""

    status, code, zh = 403, "case_closed", "办件已办结或已终止"

    def __init__(self) -> None:
        super().__init__("the case is over, and nothing is asked for it any more: cite an open one")


class CaseOfOtherItem(Refusal):
    """The case cited is one of another item."""

    status, code, zh = 403, "case_of_other_item", "办件与所引事项不一致，请按登记时的事项编码填写"

    def __init__(self) -> None:
        super().__init__("the case cited is one of another item than Onefile-Item says: cite them as registered")


class NotAParty(Refusal):
    """Somebody is asked about whom the case was not registered for."""

    status, code, zh = 403, "not_a_party", "该主体不是办件登记的当事人"

    def __init__(self) -> None:
        super().__init__("the case was registered without one of the parties named: register it with all of them")


class ItemOfNoCase(Refusal):
    """An item is asked for that is neither the case's nor a stage's."""

    status, code, zh = 403, "item_of_no_case", "所引办件不含该事项"

    def __init__(self) -> None:
        super().__init__(
            "an item is neither the case's own, nor one of its stages', nor of one life event with it: register a stage"
        )


class SubjectEnded(Refusal):
    """The applicant is dead, or does not exist any more, and the grants cited let it be known."""

    status, code, zh = 409, "subject_ended", "申请人已死亡或已注销，不能以其名义申请"

    def __init__(self) -> None:
        super().__init__(
            "the applicant has died or was cancelled: nothing is applied for in that name; check the number"
        )


class NotFound(Refusal):
    """There is nothing of that name, or nothing that the caller may know of."""

    status, code, zh = 404, "not_found", "未找到，或无权查看，请核对地址"

    def __init__(self) -> None:
        super().__init__("there is nothing here that you may see: check the address")


class Conflict(Refusal):
    """It cannot be done as things stand: something else came first."""

    status, code, zh = 409, "conflict", "与当前状态冲突"

    def __init__(self, what: str) -> None:
        super().__init__(f"it does not fit how things stand: {what}; look at it anew, and ask again")
        self.zh = f"{type(self).zh}，请重新查看后再办：{what}"


class RepeatDiffers(Refusal):
    """The idempotency key came before, with another request."""

    status, code, zh = 422, "idempotency_key_reused", "幂等键已用于其他请求，请换一个新的"

    def __init__(self) -> None:
        super().__init__("the Idempotency-Key was used for another request before: take a fresh one")


class BadRequest(Refusal):
    """The request cannot be read, or says what cannot be."""

    status, code, zh = 400, "bad_request", "请求无法识别"

    def __init__(self, what: str) -> None:
        super().__init__(f"the request cannot be understood: {what}")
        self.zh = f"{type(self).zh}：{what}"


class BodyInvalid(Refusal):
    """The body does not have the form that the OpenAPI description says."""

    status, code, zh = 422, "body_invalid", "请求内容不符合接口规范"

    def __init__(self, where: str) -> None:
        super().__init__(f"the request is not as /openapi.json says, at {where}")
        self.zh = f"{type(self).zh}：{where}"


class MethodNotAllowed(Refusal):
    """There is something at that address, but it does not take this method."""

    status, code, zh = 405, "method_not_allowed", "该地址不支持此请求方法"

    def __init__(self) -> None:
        super().__init__("this address takes another method: the header Allow says which")


class NoCalendar(Refusal):
    """A clock runs into a year whose holidays the bureau has not entered yet."""

    status, code, zh = 503, "calendar_missing", "下一年度法定节假日安排尚未录入，暂不能计算期限，请联系数据主管部门"

    def __init__(self, year: int) -> None:
        super().__init__(f"the holidays of {year} are not entered yet, so no term can be counted: tell the bureau")


class DigestDiffers(Refusal):
    """The body is not what its Content-Digest says."""

    status, code, zh = 400, "digest_differs", "请求内容与摘要不符，请核对后重发"

    def __init__(self) -> None:
        super().__init__("the body is not what Content-Digest says: send it again, with the sha-256 of its bytes")


class TooLarge(Refusal):
    """The body is larger than a request may be."""

    status, code, zh = 413, "too_large", "请求内容过大，请分批发送"

    def __init__(self, most: int) -> None:
        super().__init__(f"the body is larger than {most} bytes: send it in parts")


class TooSlow(Refusal):
    """The request did not arrive in time."""

    status, code, zh = 408, "too_slow", "请求未在时限内到达，请重发"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the request did not arrive within {seconds} seconds: send it again")


class NoRecord(Refusal):
    """The look could not be recorded, so nothing is answered."""

    status, code, zh = 503, "ledger_unavailable", "台账暂不可写，未提供任何数据，请稍后再试"

    def __init__(self) -> None:
        super().__init__("the look cannot be recorded at present, so nothing is answered: ask again later")
        self.retry_after = 5


class NoDatabase(Refusal):
    """The serving database does not answer."""

    status, code, zh = 503, "database_unavailable", "数据库暂不可用，请稍后再试"

    def __init__(self) -> None:
        super().__init__("the serving database does not answer at present: ask again later")
        self.retry_after = 5


class Fault(Refusal):
    """The program failed; what it was about stands in no answer and no log."""

    status, code, zh = 500, "fault", "服务内部错误，未提供任何数据，请告知数据主管部门发生时间"

    def __init__(self) -> None:
        super().__init__("the program failed, and nothing was answered: tell the bureau when that was")
