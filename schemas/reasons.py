"""The closed list of reasons why a row, or a value in it, was not taken: with the fix to suggest.

A reason code is what receipts, quarantine and lints carry; a department reads the words.
Reasons that refuse a whole delivery belong to the inbox and are not here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A reason in words: what is wrong, and what whoever sent it should do. Never a value."""

    code: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str

    def words(self, lang: str) -> str:
        """Say what is wrong, in `zh` or `en`."""
        return self.zh if lang == "zh" else self.en

    def fix(self, lang: str) -> str:
        """Say what to do, in `zh` or `en`."""
        return self.fix_zh if lang == "zh" else self.fix_en


_VALUES = (
    Reason("required", "必填项为空", "a required value is empty", "补填该项", "fill it in"),
    Reason(
        "not_a_number", "不是数字", "not a number", "只填数字，小数点用“.”", "write digits, with . as decimal point"
    ),
    Reason(
        "not_whole", "不是整数", "not a whole number", "去掉小数部分，或更正", "leave the decimals out, or correct it"
    ),
    Reason(
        "not_a_date",
        "不是有效日期",
        "not a day of the calendar",
        "按声明的格式填写真实日期",
        "write a real day, in the declared format",
    ),
    Reason(
        "not_an_instant",
        "不是有效时间",
        "not an instant",
        "按 2026-03-01T08:00:00+08:00 填写",
        "write it like 2026-03-01T08:00:00+08:00",
    ),
    Reason("not_a_boolean", "不是“是”或“否”", "neither yes nor no", "填“是”或“否”", "write yes or no"),
    Reason(
        "not_in_list",
        "代码表中没有该代码",
        "a code that the list lacks",
        "改用代码表中的代码，或申请增补代码表",
        "use a code of the list, or ask for it to be added",
    ),
    Reason("ambiguous", "名称对应多个代码", "a name that stands for several codes", "改填代码", "write the code"),
    Reason(
        "pattern",
        "不符合规定的格式",
        "does not have the declared form",
        "按规定格式填写",
        "write it in the declared form",
    ),
    Reason("below_min", "小于允许的最小值", "below the least allowed value", "核对数值和单位", "check figure and unit"),
    Reason(
        "above_max", "大于允许的最大值", "above the greatest allowed value", "核对数值和单位", "check figure and unit"
    ),
    Reason(
        "too_long",
        "超过允许的长度",
        "longer than allowed",
        "缩短，或检查是否串列",
        "shorten it, or look for a shifted column",
    ),
    Reason(
        "too_precise",
        "小数位数过多",
        "more decimal places than the column keeps",
        "核对小数位数和单位",
        "check decimal places and unit",
    ),
    Reason("before", "早于不得早于的日期", "before the day it may not precede", "核对两个日期", "check both days"),
    Reason("after", "晚于不得晚于的日期", "after the day it may not follow", "核对两个日期", "check both days"),
    Reason(
        "formula",
        "含有表格公式",
        "text that a spreadsheet would run",
        "删除公式，只留内容",
        "remove the formula, keep the text",
    ),
    Reason(
        "replacement_character",
        "含有无法识别的字符（U+FFFD）",
        "a character was lost before it came here (U+FFFD)",
        "用正确的编码重新导出",
        "export again in the right encoding",
    ),
    Reason("control_character", "含有控制字符", "a control character", "删除控制字符", "remove it"),
)

_MONEY = (
    Reason(
        "money_unreadable",
        "金额无法识别",
        "an amount that cannot be read",
        "填写数字、单位和币种，如 500万元人民币",
        "write figure, unit and currency, like 500万元人民币",
    ),
    Reason(
        "currency_unknown",
        "币种无法识别",
        "a currency that is not known",
        "改用币种名称或 ISO 4217 代码",
        "use the currency's name or its ISO 4217 code",
    ),
    Reason(
        "unit_missing",
        "金额没有单位",
        "an amount without a unit",
        "写明元、万元或亿元，或在声明中规定单位",
        "write 元, 万元 or 亿元, or declare the unit",
    ),
    Reason(
        "currency_other",
        "币种不是声明的币种",
        "another currency than the declared one, and nothing keeps it",
        "折算为声明的币种，或在资源声明中从同一列取币种",
        "write it in that currency, or let a column of the resource take the currency from the same header",
    ),
    Reason("not_a_percentage", "不是百分比", "not a percentage", "填写如 12.5%", "write it like 12.5%"),
)

_IDENTIFIERS = (
    Reason(
        "length", "位数不对", "wrong number of characters", "核对是否缺位或多位", "look for missing or extra characters"
    ),
    Reason(
        "alphabet",
        "含有不允许的字符",
        "a character that may not stand there",
        "只用半角数字和规定的字母",
        "use half-width digits and the letters allowed",
    ),
    Reason(
        "kind", "号码种类不对", "a number of another kind", "填到对应的证件类型", "hand it in under its own number type"
    ),
    Reason(
        "date",
        "号码中的日期无效",
        "the day inside the number is not possible",
        "核对出生日期各位",
        "check the day's digits",
    ),
    Reason(
        "check", "校验码不符", "the check character does not fit", "核对号码各位", "check the number, digit by digit"
    ),
    Reason(
        "organisation_check",
        "内含的组织机构代码校验码不符",
        "the organisation code inside has a wrong check character",
        "核对第9至17位",
        "check characters 9 to 17",
    ),
    Reason(
        "root",
        "证照标识的根不对",
        "the licence identifier has a wrong root",
        "根应为 1.2.156.3005.2",
        "the root is 1.2.156.3005.2",
    ),
    Reason(
        "structure",
        "证照标识的段数不对",
        "the licence identifier has a wrong number of parts",
        "应为 根.类型.颁发机构.流水号.版本.校验位",
        "write root.type.issuer.serial.version.check",
    ),
    Reason(
        "type",
        "证照类型代码不对",
        "the licence type's code is malformed",
        "18位机构代码加3位数字",
        "18 characters of the authority and 3 digits",
    ),
    Reason(
        "issuer",
        "颁发机构代码不对",
        "the issuer's code is malformed",
        "填统一社会信用代码或行政区划代码",
        "use its credit code or area code",
    ),
    Reason("version", "版本号不对", "the version is not three digits from 001", "填001至999", "write 001 to 999"),
)

_ROWS = (
    Reason(
        "key_conflict",
        "同一批次中主键相同而内容不同",
        "the same key with other content in the same delivery",
        "同一主键只留正确的一行",
        "keep the one right row for the key",
    ),
)

_LICENCES = (
    Reason(
        "transition",
        "证照状态不可能这样变更",
        "a licence cannot go from its state to this one",
        "核对状态；已注销、已转出的证照不能恢复，应新发",
        "check the state; what was cancelled or transferred is not taken back but issued anew",
    ),
    Reason(
        "version_limit",
        "证照版本已满999",
        "the licence has its 999 versions already",
        "以新的证照编号新发",
        "issue it anew under another number",
    ),
    Reason(
        "not_issuer",
        "报送部门不是该类证照的颁发机构",
        "the department that states it is not the one that issues licences of this type",
        "由颁发机构报送，或更正证照类型声明",
        "let the issuing department deliver it, or correct the licence type's declaration",
    ),
    Reason(
        "erased",
        "该证照的内容已依法销毁",
        "the licence's content was erased",
        "需要时以新的证照编号新发",
        "where it is needed again, issue it anew under another number",
    ),
)

_WARNINGS = (
    Reason(
        "region_unknown",
        "号码中的行政区划不在代码表中",
        "the area code inside was never listed",
        "核对前六位",
        "check the first six digits",
    ),
    Reason(
        "region_retired",
        "号码中的行政区划已撤销",
        "the area code inside has been retired",
        "无需更改",
        "nothing: it stays valid",
    ),
    Reason(
        "code_retired",
        "代码已停用",
        "the code has been retired",
        "新数据改用现行代码",
        "use the present code for new data",
    ),
    Reason(
        "department_unknown",
        "登记管理部门代码未见规定",
        "the registering department's character is not listed",
        "核对第一位",
        "check the first character",
    ),
)

REASONS: dict[str, Reason] = {r.code: r for r in (*_VALUES, *_MONEY, *_IDENTIFIERS, *_ROWS, *_LICENCES, *_WARNINGS)}
"""Every reason by its code: what keeps a row out, and the warnings that do not."""

WARNINGS: tuple[str, ...] = tuple(r.code for r in _WARNINGS)
"""The codes that only warn: a row that carries them is accepted."""
