"""Words that portals use for what has a closed list here, and the lists themselves. Numbers are never guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from schemas.licence_reading import DEPARTMENT_LEVELS
from schemas.model import SHARE_CLASSES, UPDATE_CYCLES
from schemas.service_items import CHANNELS, ITEM_KINDS, STEPS
from schemas.terms import OPENNESS, SHARE_MODES

CLOSED: Mapping[str, tuple[str, ...]] = {
    "update_cycle": UPDATE_CYCLES,
    "openness": OPENNESS,
    "share_class": SHARE_CLASSES,
    "modes": SHARE_MODES,
    "level": DEPARTMENT_LEVELS,
    "kind": tuple(ITEM_KINDS),
    "channels": tuple(CHANNELS),
    "process": tuple(STEPS),
}
"""Fields whose values must be one of ours."""
SEVERAL = ("modes", "channels", "process")
"""Of these, the fields that may have several."""


def _words(**ours: str) -> dict[str, str]:
    return {theirs: our for our, words in ours.items() for theirs in words.split()}


COMMON: Mapping[str, Mapping[str, str]] = {
    "update_cycle": _words(
        real_time="实时 实时更新 real-time realtime continuous",
        daily="每日 每天 日 按日 按天 日更新 每日更新 daily",
        weekly="每周 周 按周 每星期 周更新 每周更新 weekly",
        monthly="每月 月 按月 月度 月更新 每月更新 monthly",
        quarterly="每季度 季度 每季 季 按季 按季度 每季度更新 quarterly",
        half_yearly="每半年 半年 半年度 按半年 每半年更新 half-yearly semiannual",
        yearly="每年 年 年度 按年 年更新 每年更新 yearly annual annually",
        irregular="不定期 不定时 自定义 其他 其它 根据需要 按需 不定期更新 irregular as-needed",
    ),
    "openness": _words(
        unconditional="无条件开放 完全开放 普遍开放 无条件 开放 public",
        conditional="有条件开放 依申请开放 有条件 受限开放 restricted",
        closed="不予开放 不开放 非开放 暂不开放 non-public",
    ),
    "share_class": _words(
        unconditional="无条件共享 无条件 普遍共享 完全共享",
        conditional="有条件共享 有条件 授权共享 依申请共享",
        not_shared="不予共享 不共享 非共享 暂不共享",
    ),
    "modes": _words(
        query="接口 接口查询 查询 api 服务接口 数据接口",
        check="核验 比对 接口核验",
        batch="批量 库表 数据库 库表交换 批量交换",
        file="文件 文件下载 下载 文件交换",
        licence="证照 电子证照",
    ),
    "level": _words(
        national="国家级 国家 部级 中央",
        province="省级 省 省本级 自治区级 直辖市级",
        city="市级 市 地市级 市本级 设区市级 州级 盟级",
        county="县级 区级 县 区 区县级 县区级 县市区级 旗级",
        street="街道 镇级 乡级 乡镇 镇 乡 乡镇街道 乡镇级 街道级 镇街级 村级 社区",
    ),
    "kind": _words(at_once="即办件 即办 立办件 当场办结", promised="承诺件 承诺办件 上报件 限时办结 限时件"),
    "channels": _words(
        online="网上办理 网办 在线办理 网上 全程网办 一网通办",
        window="窗口办理 窗口 现场办理 大厅办理 线下办理",
        self_service="自助终端 自助办理 自助机 自助",
        post="邮寄办理 邮寄 快递申请 寄递",
    ),
    "process": _words(
        apply="申请 收件 提交申请 申报 提交",
        accept="受理",
        review="审查 审核 初审 复审 审批",
        inspect="现场核查 现场勘验 踏勘 核查 勘验",
        special="特别程序 听证 检测 检验 专家评审",
        decide="决定 审定 核准 办结 核发",
        deliver="送达 发证 领取 制证 颁证 取件",
    ),
}  # fmt: skip
"""`table: common`: the words that portals commonly use, by field."""


def fold(word: str) -> str:
    """Return a word as it is compared: NFKC, small letters, no white space, no trailing stop."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split()).rstrip("。.;；")
