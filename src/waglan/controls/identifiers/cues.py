"""Words before a number that say what it is, or that it is nothing personal; the nearest one counts.

Forms without a check digit (account, FPS identifier, passport, permit, Octopus) need their cue. A form that is only
probable (eight digits) loses to a cue for something else: a reference, an order, an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

from waglan.controls.identifiers.kinds import Kind
from waglan.controls.identifiers.trie import trie

Cue = Kind | Literal["", "OTHER"]

REACH = 40
"""How far before a number its cue may begin, characters."""
REACH_AFTER = 28
"""How far after a number that has no cue before it one is looked for."""

_LATIN: tuple[tuple[Cue, str], ...] = (
    ("HKID", "hkid|hkids|hkic|h.k.i.d|id card|id card no|identity card|identity document|identity no|"
             "identity number|identification number|id no|id number|i.d. no|i.d. number|id:"),
    ("PASSPORT", "passport|passports"),
    ("PERMIT", "home return permit|home-return permit|home visit permit|travel permit|hrp"),
    ("OCTOPUS", "octopus|octopus card"),
    ("FPS", "fps|fps id|fps identifier|faster payment|faster payments|faster payment system"),
    ("PHONE", "phone|phones|telephone|cellphone|tel|mobile|mob|cell|whatsapp|wechat|call|called|calling|"
              "calls|ring|rang|dial|dialled|fax|sms|texted|hotline|contact|contacted|contactable|reach|reached|"
              "landline"),
    ("ACCOUNT", "a/c|acc|acct|acct.|account|accounts|bank|autopay|account_no|account_number|a/cs"),
    ("OTHER", "ref|ref.|refs|reference|references|order|orders|invoice|invoices|case|cases|policy|claim|claims|"
              "ticket|serial|batch|receipt|tracking|transaction|br|brn|registration|version|date|dated|id|room|"
              "rooms|amount|amounts|total|balance|hkd|usd|rmb|cny|eur|gbp|jpy|$|file|contract|shares|units|meter|"
              "waybill|parcel|barcode|sku|isbn|code|paid|deposit|turnover|revenue|journal|voucher|docket|model|lot|"
              "job|form|cheque|reading|size|value|price|fee|fees|count|volume|quantity|weight|score|sum"),
)  # fmt: skip
_HAN: tuple[tuple[Cue, str], ...] = (
    ("HKID", "身份證|身份证|身分證|身分证|身份證明文件|身份证明文件"),
    ("PASSPORT", "護照|护照"),
    ("PERMIT", "回鄉證|回乡证|回鄉卡|回乡卡|通行證|通行证"),
    ("OCTOPUS", "八達通|八达通|八達通卡|八达通卡"),
    ("FPS", "轉數快|转数快|轉數快識別碼|转数快识别码|快速支付系統|快速支付系统"),
    ("PHONE", "電話|电话|手機|手机|手提|致電|致电|來電|来电|聯絡|联络|聯繫|联系|流動|流动|傳真|传真|微信|打俾|打給|"
              "打给|撥打|拨打|熱線|热线|短訊|短信|座機|座机|固網"),
    ("ACCOUNT", "戶口|户口|帳戶|賬戶|账户|帐户|帳號|賬號|账号|帐号|銀行|银行|銀行卡號|過數|过数|轉帳|轉賬|转账|"
                "轉帳至|入數|存入|匯入|汇入|匯款|汇款"),
    ("OTHER", "參考|参考|編號|编号|單號|单号|單據|单据|訂單|订单|發票|发票|個案|个案|保單|保单|金額|金额|總額|总额|"
              "總數|总数|總計|总计|結餘|结余|港幣|港币|港元|人民幣|人民币|商業登記|商业登记|日期|序號|序号|流水|"
              "批號|批号|批次|合約|合同|檔號|檔案|档案|版本|股數|股数|交易|條碼|条码|代號|代号|代碼|代码|快遞|快递|"
              "物流|營業額|营业额|存款|收據|收据|付款|支票|貨件|货件|運單|运单|工單|工单|票據|票据|¥|€|£|"
              "數|数|費|费|額|额|值|價|价|量|率"),
)  # fmt: skip
_NUMBERED = ("", "id", " id", "號碼", "号码", "編號", "编号", "號", "号", "號數")


def _listed(words: Iterable[tuple[Cue, str]], endings: tuple[str, ...]) -> dict[str, Cue]:
    return {
        (word + ending)[::-1]: cue
        for cue, listed in words
        for word in listed.split("|")
        for ending in (endings if cue != "OTHER" else ("",))
    }


_BREAKS = "\n。!?;\u27e7"
_LATIN_CUES = _listed(_LATIN, ("",))
_HAN_CUES = _listed(_HAN, _NUMBERED)
_CUES = _LATIN_CUES | _HAN_CUES
_PAYING = frozenset(word[::-1] for word in ("過數", "过数", "轉帳", "轉賬", "转账", "轉帳至", "付款", "入數", "paid"))
_ABBREVIATION = re.compile(
    r"(?<![A-Za-z])(?:no|nos|tel|ref|acct|acc|mob|ext|i\.d|hk|dr|mr|mrs|ms|st|rd)\Z", re.IGNORECASE
)
_CLAUSE = re.compile(rf"[^\n,.;:!?、。(\u27e6\d]{{1,{REACH_AFTER}}}+(?!\d)")
_LIST_GAP = re.compile(r"(?:[ ,/&、]|and|or|及|和|與|与|或|同){1,7}")


@cache
def _nearest() -> re.Pattern[str]:
    """Large, so compiled when first needed: a server is to come up quickly."""
    return re.compile(f"[{_BREAKS}]|{trie(_HAN_CUES)}|(?<![a-z]){trie(_LATIN_CUES)}(?![a-z])")


def _last_sentence(text: str) -> str:
    """What follows the last full stop that ends a sentence, not an abbreviation (*No. 5*, *Tel. 9*)."""
    dot = text.rfind(". ")
    while dot >= 0:
        word = _ABBREVIATION.search(text, 0, dot)
        if word is None:
            return text[dot + 2 :]
        dot = text.rfind(". ", 0, dot)
    return text


def nearest_cue(text: str) -> Cue:
    """What the last cue of a text points at; the search runs backwards and ends at a cue or at a break.

    Words for paying stand between *FPS* and its identifier and then say nothing of their own.
    """
    backwards = text.lower()[::-1]
    found = _nearest().search(backwards)
    if found is None:
        return ""
    if found[0] in _PAYING:
        further = _nearest().search(backwards, found.end())
        if further and _CUES.get(further[0]) == "FPS":
            return "FPS"
    return _CUES.get(found[0], "")


def cue_before(text: str, start: int, floor: int, label: str) -> Cue:
    """The cue that holds for the number at ``start``.

    Parameters
    ----------
    text
        Folded.
    floor
        End of the identifier before, 0 without one: a cue is spent by the number it stands before.
    label
        What the text as a whole is called (a field's name); a cue for its beginning.
    """
    found = nearest_cue(_last_sentence(text[max(floor, start - REACH) : start]))
    if found or not label or start > REACH or floor:
        return found
    return nearest_cue(label.replace("_", " "))


def is_list(text: str, floor: int, start: int) -> bool:
    """Whether a number continues a list that the identifier before belongs to: *accounts 1 and 2*."""
    return 0 < floor < start <= floor + REACH and _LIST_GAP.fullmatch(text, floor, start) is not None


def cue_after(text: str, end: int) -> Cue:
    """The cue in the words after a number, unless another number follows them: *123-456789-838 is my account*."""
    clause = _CLAUSE.match(text, end)
    return nearest_cue(clause[0]) if clause else ""
