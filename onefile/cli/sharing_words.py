"""States, actions, roles and parts of requests, grants and verifications in Chinese; English is their own names."""

from __future__ import annotations

from collections.abc import Mapping

CHINESE: Mapping[str, str] = {
    # states
    "draft": "草拟", "at_office": "本部门审核", "with_provider": "待提供部门答复", "lacking": "待补正",
    "completed": "已补正", "extension_asked": "已申请延期", "extended": "已延期", "escalated": "已上报",
    "granted": "已授权", "refused": "不予共享", "disputed": "争议处理中", "supplied": "已提供",
    "withdrawn": "已撤回", "active": "有效", "suspended": "已暂停", "end_proposed": "拟终止", "ended": "已终止",
    "revoked": "已撤销", "disposed": "已处置",
    "opened": "待校核", "confirmed": "已确认", "corrected": "将更正", "settled": "已裁定",
    "resolved": "已消除", "correcting": "更正中", "contested": "不服答复", "consulting": "协商中",
    "with_authority": "主管部门处理中", "with_government": "报请政府处理", "agreed": "已协商一致", "decided": "已裁决",
    # actions
    "submit": "提交", "approve": "审核通过", "send_back": "退回", "tell_lacking": "一次告知补正",
    "complete": "补正", "grant": "授权", "refuse": "不予共享", "ask_extension": "申请延期",
    "consent_extension": "同意延期", "deny_extension": "不同意延期", "escalate": "逾期上报",
    "dispute": "提出争议", "uphold": "维持", "withdraw": "撤回", "supply": "提供", "narrow": "缩小范围",
    "suspend": "暂停", "resume": "恢复", "propose_end": "提议终止", "agree_end": "同意终止",
    "object_end": "不同意终止", "decide_end": "裁定终止", "revoke": "收回", "give_up": "放弃", "expire": "到期",
    "allow_passing_on": "同意转供", "report": "报告使用成效", "settle": "裁定继续", "dispose": "数据处置",
    "confirm": "确认无误", "correct": "更正", "resolve": "矛盾消除",
    "contest": "不服", "agree": "达成一致", "refer": "提请上级处理", "decide": "裁决", "appeal": "提请复议",
    # roles
    "consumer": "需求部门", "office": "需求部门共享机构", "provider": "提供部门", "authority": "主管部门",
    "rule": "系统", "subject": "本人", "government": "政府",
    # what a request says
    "fields": "数据项", "rows": "范围", "items": "事项", "basis": "依据", "scenario": "使用场景",
    "scope": "使用范围", "mode": "共享方式", "valid_from": "起始日", "valid_until": "截止日",
    "quota": "每日次数", "assessment": "影响评估", "notice_after": "推迟告知至",
    "share_class": "共享类型", "grades": "分级",
    "passing_on": "可转供", "resources": "资源", "departments": "部门", "reason": "理由", "ticket": "热线工单号",
    "acting": "代为提出", "delivery": "批次", "resource": "资源", "opened_by": "提出部门",
}  # fmt: skip
"""What stands for each name. `refuse` and `refused` are one word in Chinese."""


def said(name: str, lang: str) -> str:
    """Return a name in a language."""
    return CHINESE.get(name, name) if lang == "zh" else name
