"""What people call materials, and what of ours each is: a demand for what sharing supplies is known by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from schemas.model import Declarations

SPOKEN: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("attribute", "number"): ("身份证", "居民身份证", "身份证件", "身份证明", "有效身份证件", "有效身份证明",
                              "二代身份证",
                              "身份证明材料", "身份证明文件", "identity card", "identity document"),
    ("licence", "business_licence"): ("营业执照", "工商营业执照", "企业营业执照", "法人营业执照", "企业法人营业执照",
                                      "个体工商户营业执照", "business licence"),
    ("licence", "household_card"): ("户口簿", "户口本", "居民户口簿", "户籍证明", "household register"),
    ("licence", "marriage_certificate"): ("结婚证", "婚姻证明", "婚姻关系证明", "marriage certificate"),
    ("licence", "birth_certificate"): ("出生医学证明", "出生证", "出生证明", "birth certificate"),
    ("licence", "real_estate_certificate"): ("不动产权证书", "不动产权证", "房产证", "房屋所有权证", "房屋产权证",
                                             "产权证",
                                             "房屋产权证明", "产权证明", "不动产证", "土地使用证", "土地使用权证"),
    ("licence", "driving_licence"): ("驾驶证", "机动车驾驶证", "driving licence"),
    ("licence", "education_certificate"): ("学历证书", "学历证明", "毕业证", "毕业证书"),
    ("licence", "tax_certificate"): ("税务登记证", "税务登记证明"),
    ("licence", "food_operation_permit"): ("食品经营许可证", "食品流通许可证", "餐饮服务许可证"),
    ("licence", "hygiene_permit"): ("卫生许可证", "公共场所卫生许可证"),
    ("licence", "road_transport_permit"): ("道路运输经营许可证", "道路运输证"),
    ("licence", "work_safety_permit"): ("安全生产许可证",),
    ("licence", "construction_permit"): ("施工许可证", "建筑工程施工许可证"),
    ("licence", "insurance_certificate"): ("社保证明", "参保证明", "社会保险参保证明", "社保缴纳证明",
                                           "社会保险缴纳证明"),
    ("licence", "qualification_certificate"): ("职业资格证书", "职业资格证", "从业资格证", "资格证书"),
    ("material", "lease_contract"): ("租赁合同", "房屋租赁合同", "租赁协议", "房屋租赁协议", "租房合同"),
    ("material", "id_photo"): ("证件照", "证件照片", "免冠照片", "一寸照片", "二寸照片", "近期免冠照片", "照片"),
    ("material", "articles_of_association"): ("公司章程", "企业章程", "章程"),
    ("material", "health_certificate"): ("健康证", "健康证明", "从业人员健康证明"),
}  # fmt: skip
"""By what of ours it is (kind and name): how it is called. The names of licence types and of materials are added."""
_BRACKETS = re.compile(r"[（(\[【〔][^）)\]】〕]*[）)\]】〕]")
_PAPER = re.compile(
    r"(?:(?:及|和|与|或|、)?(?:原件|复印件|影印件|扫描件|电子版|电子件|正本|副本|正副本|照片件))+$"
    r"|[一二两三四0-9]+[份张式套]$"
)
_WHOSE = re.compile(
    r"^(?:申请人|申请单位|法定代表人|法人代表|法人|负责人|经办人|代理人|委托人|受托人|股东|业主|当事人|本人"
    r"|双方|夫妻双方|父母"
    r"|企业|单位|公司|个人|有效的?|加盖公章的?|最新|近期)+(?:的)?"
)
_PARTS = re.compile(r"[、，,；;/]|以及|及其|及|和|或者|或|与")
CATCH_ALL = re.compile(
    r"其[他它].{0,12}(?:材料|资料|文件|证件|证明|条件|情形|要求|事项)"
    r"|认为.{0,6}(?:需要|需|应当|应|必要|必须)|(?:规定|要求|需要).{0,10}的其[他它]|^有关材料$|^相关(?:证明)?(?:材料|资料)$"
    r"|等(?:相关|有关)(?:证明)?(?:材料|资料)|\bother\b.{0,30}\b(?:material|document|condition|requirement)s?\b",
    re.IGNORECASE,
)
"""A catch-all clause (兜底条款): it demands what nobody can know beforehand."""


def plain(label: str) -> str:
    """Return a name without brackets, without "original" and "copy", and without whose it is."""
    text = _BRACKETS.sub("", unicodedata.normalize("NFKC", label))
    text = re.sub(r"\s+", "", text).strip("。.;；:：《》\"'“”") if re.search("[一-鿿]", text) else text.strip().lower()
    while (cut := _PAPER.sub("", text)) != text and cut:
        text = cut
    bare = _WHOSE.sub("", text)
    return bare or text


class MaterialNames:
    """Knows what of ours a material is by its name."""

    def __init__(self, known: Declarations) -> None:
        self._targets: dict[str, tuple[str, str]] = {}
        names: dict[tuple[str, str], tuple[str, ...]] = {
            **{("licence", each.name): (each.label, each.label_en) for each in known.licences.values()},
            **{("material", each.name): (each.label.zh, each.label.en) for each in known.materials.values()},
        }
        for target, said in (*names.items(), *SPOKEN.items()):
            if target in names or target[0] == "attribute":
                for name in said:
                    self._targets.setdefault(plain(name), target)

    def target(self, label: str) -> tuple[str, str] | None:
        """Return what of ours (kind, name) a material of that name is; None where that is not known."""
        return next(self.targets(label), None)

    def targets(self, label: str) -> Iterator[tuple[str, str]]:
        """Yield what of ours is named in a label, which may name several: 身份证、户口簿复印件."""
        if (whole := self._targets.get(plain(label))) is not None:
            yield whole
            return
        for part in _PARTS.split(_BRACKETS.sub("", label)):
            found = self._targets.get(plain(part)) if part.strip() else None
            if found is not None:
                yield found
