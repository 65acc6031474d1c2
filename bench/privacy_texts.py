"""Seeded texts with identifiers at known places, and decoys, in three languages.

Three sets of sentences, each worded apart and with streets and buildings of its own: ``tune``, which the patterns were
written against; ``check``, scored when they were (0.982) and then used to mend them; ``held``, written after that and
never mended against, on which figures are reported. One author wrote the detector and the sets, so the figures say how
it does on texts of this make, not on a bank's own.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from waglan.controls.identifiers import Span
from waglan.controls.identifiers.checks import card, hkid, iban, mainland

LANGUAGES = ("en", "zh-Hant", "zh-Hans")
Sentences = dict[str, tuple[str, ...]]

TUNE: Sentences = {
    "en": (
        "The customer gave HKID {HKID} at the counter.",
        "HKID: {HKID_BARE}, verified on {DATE}.",
        "Holder of identity card {HKID}, tel. {PHONE}.",
        "Please call {PHONE} before noon.",
        "His mobile is {PHONE} and his office {PHONE}.",
        "Pay to account {ACCOUNT} by Friday.",
        "A/C No. {ACCOUNT} was credited with {AMOUNT}.",
        "Card {CARD} was declined at 14:05.",
        "Write to {EMAIL} for the statement.",
        "FPS ID {FPS} is registered with us.",
        "Mainland ID {MAINLAND_ID} was shown.",
        "Passport No. {PASSPORT} expires on {DATE}.",
        "Home return permit {PERMIT} was copied.",
        "Octopus {OCTOPUS} was reported lost.",
        "The IBAN is {IBAN}.",
        "He lives at {ADDRESS}.",
        "Correspondence address: {ADDRESS}.",
        "Order no. {NUMBER8} was shipped on {DATE}.",
        "Reference {REF} shows a balance of {AMOUNT}.",
        "Invoice {NUMBER8} for {AMOUNT} is overdue.",
        "On {DATE} the index closed at {NUMBER5}.{NUMBER2}.",
        "The business registration number is {NUMBER8}.",
        "We sold {AMOUNT} of stock in 2024-2025.",
        "The branch opens at 9:00 and closes at 17:00 on weekdays.",
        "Clause 12.4 of the agreement (version 3) applies.",
    ),
    "zh-Hant": (
        "客戶在櫃位出示身份證{HKID}。",
        "身份證號碼：{HKID_BARE}，已於{DATE}核對。",
        "持證人{HKID}，電話{PHONE}。",
        "請於中午前致電{PHONE}。",
        "手機：{PHONE}，辦公室電話：{PHONE}。",
        "請存入戶口{ACCOUNT}。",
        "帳戶號碼{ACCOUNT}已入帳{AMOUNT}。",
        "信用卡{CARD}交易被拒。",
        "請電郵至{EMAIL}索取結單。",
        "轉數快識別碼{FPS}已登記。",
        "內地身份證{MAINLAND_ID}已影印。",
        "護照號碼{PASSPORT}將於{DATE}到期。",
        "回鄉證號碼{PERMIT}。",
        "八達通號碼{OCTOPUS}已報失。",
        "國際帳號{IBAN}。",
        "他住在{ADDRESS}。",
        "通訊地址：{ADDRESS}。",
        "訂單編號{NUMBER8}已於{DATE}寄出。",
        "參考編號{REF}，結餘{AMOUNT}。",
        "發票{NUMBER8}金額{AMOUNT}尚未繳付。",
        "商業登記號碼{NUMBER8}。",
        "指數於{DATE}收報{NUMBER5}點。",
        "分行星期一至五上午9時開門，下午5時關門。",
        "協議第12條（第3版）適用。",
    ),
    "zh-Hans": (
        "客户在柜台出示身份证{HKID}。",
        "身份证号码：{HKID_BARE}，已于{DATE}核对。",
        "持证人{HKID}，电话{PHONE}。",
        "请于中午前致电{PHONE}。",
        "手机：{PHONE}，办公室电话：{PHONE}。",
        "请存入户口{ACCOUNT}。",
        "账户号码{ACCOUNT}已入账{AMOUNT}。",
        "信用卡{CARD}交易被拒。",
        "请发邮件至{EMAIL}索取结单。",
        "转数快识别码{FPS}已登记。",
        "内地身份证{MAINLAND_ID}已复印。",
        "护照号码{PASSPORT}将于{DATE}到期。",
        "回乡证号码{PERMIT}。",
        "八达通号码{OCTOPUS}已挂失。",
        "国际账号{IBAN}。",
        "他住在{ADDRESS}。",
        "通讯地址：{ADDRESS}。",
        "订单编号{NUMBER8}已于{DATE}寄出。",
        "参考编号{REF}，结余{AMOUNT}。",
        "发票{NUMBER8}金额{AMOUNT}尚未缴付。",
        "商业登记号码{NUMBER8}。",
        "指数于{DATE}收报{NUMBER5}点。",
        "分行星期一至五上午9时开门，下午5时关门。",
        "协议第12条（第3版）适用。",
    ),
}

CHECK: Sentences = {
    "en": (
        "Ms Wong's identity document number is {HKID_BARE} according to the branch.",
        "I am writing about my mother, {HKID}, who was charged twice.",
        "Applicant two ({HKID}) signed on {DATE}.",
        "You can reach me on {PHONE} after six.",
        "Whatsapp {PHONE} if the courier is late.",
        "Her numbers are {PHONE} / {PHONE}.",
        "Kindly transfer the refund to my bank account, {ACCOUNT}, thanks.",
        "Acct {ACCOUNT} (joint) has been dormant since {DATE}.",
        "I used {CARD} at the restaurant and paid {AMOUNT}.",
        "My new credit card number {CARD} has not arrived.",
        "cc {EMAIL}, {EMAIL}",
        "They asked me to pay by FPS to {FPS}.",
        "He entered with a PRC card numbered {MAINLAND_ID}.",
        "The passport ({PASSPORT}) was issued in Hong Kong.",
        "Her Home Visit Permit is {PERMIT}.",
        "Auto top-up failed for Octopus card no. {OCTOPUS}.",
        "Remit to {IBAN} in Frankfurt.",
        "Deliver the cheque book to {ADDRESS} by hand.",
        "We have moved from {ADDRESS} to {ADDRESS}.",
        "Your parcel {NUMBER8} left the depot at 18:30.",
        "Case {NUMBER8} was closed on {DATE} without charge.",
        "Premium of {AMOUNT} is due; policy {REF}.",
        "Turnover reached {AMOUNT}, up from {AMOUNT} in 2023.",
        "See page 214 of the 2024/25 annual report, note 31(b).",
        "Ticket {REF} was raised at 08:15 on {DATE}.",
        "Lot size is 2,000 and the price moved from 12.35 to 12.40.",
        "BR No. {NUMBER8} belongs to the company.",
        "Serial {NUMBER9} of the router is on the label.",
        "Street parking is free on Sundays; the road is closed until 20:00.",
        "Take the lift to the 3rd floor and turn left.",
    ),
    "zh-Hant": (
        "黃女士的身分證明資料為{HKID}，請更新。",
        "家母（{HKID}）被重複收費。",
        "據分行所述，其身份證號碼是{HKID_BARE}。",
        "六時後可聯絡本人{PHONE}。",
        "速遞遲到請WhatsApp {PHONE}。",
        "兩個號碼：{PHONE}、{PHONE}。",
        "煩請把退款轉帳至本人銀行戶口{ACCOUNT}，謝謝。",
        "聯名賬戶{ACCOUNT}自{DATE}起不動。",
        "我用{CARD}在餐廳付款{AMOUNT}。",
        "新的信用卡號碼{CARD}仍未收到。",
        "副本送{EMAIL}及{EMAIL}。",
        "對方叫我用轉數快過數去{FPS}。",
        "他持內地居民證件{MAINLAND_ID}入境。",
        "其護照（{PASSPORT}）在香港簽發。",
        "本人港澳居民來往內地通行證{PERMIT}已續期。",
        "八達通卡號{OCTOPUS}自動增值失敗。",
        "請匯款至{IBAN}，法蘭克福。",
        "支票簿請親送{ADDRESS}，多謝。",
        "公司由{ADDRESS}遷往{ADDRESS}。",
        "閣下的貨件{NUMBER8}已於下午六時半離開倉庫。",
        "個案{NUMBER8}於{DATE}結束，不涉費用。",
        "保費{AMOUNT}到期，保單{REF}。",
        "營業額達{AMOUNT}，去年為{AMOUNT}。",
        "見2024/25年報第214頁附註31(b)。",
        "工單{REF}於{DATE}早上開立。",
        "每手2,000股，股價由12.35升至12.40。",
        "公司的商業登記證號碼為{NUMBER8}。",
        "路由器序號{NUMBER9}見標籤。",
        "星期日街上泊車免費，馬路封閉至晚上8時。",
        "乘升降機到3樓，然後左轉。",
    ),
    "zh-Hans": (
        "黄女士的身份资料为{HKID}，请更新。",
        "家母（{HKID}）被重复收费。",
        "据分行所述，其身份证号是{HKID_BARE}。",
        "六点后可联系本人{PHONE}。",
        "快递迟到请加微信{PHONE}。",
        "两个号码：{PHONE}、{PHONE}。",
        "烦请把退款转账至本人银行账户{ACCOUNT}，谢谢。",
        "联名账户{ACCOUNT}自{DATE}起不动。",
        "我用{CARD}在餐厅付款{AMOUNT}。",
        "新的信用卡号{CARD}还没收到。",
        "抄送{EMAIL}和{EMAIL}。",
        "对方让我用转数快付到{FPS}。",
        "他持内地居民证件{MAINLAND_ID}入境。",
        "其护照（{PASSPORT}）在香港签发。",
        "本人港澳居民来往内地通行证{PERMIT}已续期。",
        "八达通卡号{OCTOPUS}自动增值失败。",
        "请汇款至{IBAN}，法兰克福。",
        "支票簿请亲送{ADDRESS}，多谢。",
        "公司由{ADDRESS}迁往{ADDRESS}。",
        "您的货件{NUMBER8}已于下午六点半离开仓库。",
        "个案{NUMBER8}于{DATE}结束，不涉费用。",
        "保费{AMOUNT}到期，保单{REF}。",
        "营业额达{AMOUNT}，去年为{AMOUNT}。",
        "见2024/25年报第214页附注31(b)。",
        "工单{REF}于{DATE}早上开立。",
        "每手2,000股，股价由12.35升至12.40。",
        "公司的商业登记证号码为{NUMBER8}。",
        "路由器序号{NUMBER9}见标签。",
        "星期日街上停车免费，马路封闭至晚上8点。",
        "乘电梯到3楼，然后左转。",
    ),
}

HELD: Sentences = {
    "en": (
        "Dear Sir, my ID card no. is {HKID_BARE} and I was born in Sha Tin.",
        "Claimant: CHEUNG Ka Ming {HKID}; spouse: {HKID}.",
        "KYC note {DATE}: copy of {HKID} sighted by relationship manager.",
        "No answer at {PHONE}, left a voice mail.",
        "Caller rang from {PHONE} and asked about fees of {AMOUNT}.",
        "Daytime contact {PHONE}, evening contact {PHONE}",
        "Salary goes to account no. {ACCOUNT} every month.",
        "Please debit A/C {ACCOUNT} for {AMOUNT} on {DATE}.",
        "The merchant kept {CARD} on file although I cancelled it.",
        "Chargeback on card ending soon: full number {CARD}.",
        "Statements should be sent to {EMAIL} only.",
        "Login e-mail: {EMAIL}; recovery e-mail: {EMAIL}.",
        "My FPS identifier is {FPS}, not the old one.",
        "Resident number {MAINLAND_ID} was typed by the agent.",
        "She travels on passport {PASSPORT} next week.",
        "Home Return Permit number {PERMIT} renewed on {DATE}.",
        "Lost Octopus {OCTOPUS} at the MTR station.",
        "Supplier in Europe asks for payment to {IBAN} before {DATE}.",
        "The insured premises are at {ADDRESS}.",
        "New residential address from {DATE}: {ADDRESS}. Proof attached.",
        "Shipment {NUMBER9} cleared customs on {DATE}; tracking {NUMBER8}.",
        "Your claim {NUMBER8} has been approved for {AMOUNT}.",
        "Voucher {REF} covers {AMOUNT} of expenses.",
        "Net profit rose 8.5% to {AMOUNT}; total assets were {AMOUNT}.",
        "Minutes of {DATE}: items 1-14 approved, item 15 deferred to 2026-2027.",
        "Policy {NUMBER8} lapsed after 31 days.",
        "Error code {NUMBER8} appeared on screen 4 of 12.",
        "Batch {NUMBER9} has 1,250 records and 3 rejects.",
        "The building has 45 floors and a garden; the court sits at 10:00.",
        "Form 26(2) under section 88 of the Ordinance, revised in 2019.",
    ),
    "zh-Hant": (
        "敬啟者：本人身份證號碼為{HKID_BARE}，現投訴貴行收費。",
        "索償人張嘉明{HKID}，配偶{HKID}。",
        "客戶經理於{DATE}已核實{HKID}副本。",
        "打{PHONE}無人接聽，已留言。",
        "來電者電話為{PHONE}，查詢費用{AMOUNT}。",
        "日間聯絡電話{PHONE}，晚間{PHONE}",
        "薪金每月存入{ACCOUNT}呢個銀行戶口。",
        "請於{DATE}從戶口{ACCOUNT}扣除{AMOUNT}。",
        "商戶仍保存{CARD}的資料，雖然我已取消。",
        "信用咭{CARD}出現可疑交易，涉款{AMOUNT}。",
        "月結單只可寄往{EMAIL}。",
        "登入電郵：{EMAIL}；後備電郵：{EMAIL}。",
        "我的轉數快識別碼是{FPS}，並非舊的。",
        "代理輸入了居民身份證{MAINLAND_ID}。",
        "她下星期持護照{PASSPORT}出境。",
        "回鄉證{PERMIT}於{DATE}續領。",
        "在港鐵站遺失八達通{OCTOPUS}。",
        "歐洲供應商要求於{DATE}前匯款到{IBAN}。",
        "受保物業位於{ADDRESS}。",
        "{DATE}起新住址為{ADDRESS}，附住址證明。",
        "貨件{NUMBER9}已清關，快遞單號{NUMBER8}。",
        "閣下的索償編號{NUMBER8}已批核，賠償{AMOUNT}。",
        "單據{REF}涉及開支{AMOUNT}。",
        "純利上升8.5%至{AMOUNT}，總資產為{AMOUNT}。",
        "{DATE}會議紀錄：第1至14項通過，第15項押後至2026-2027年度。",
        "保單{NUMBER8}於31日後失效。",
        "畫面顯示錯誤代碼{NUMBER8}。",
        "批次{NUMBER9}共1,250筆紀錄，3筆被拒。",
        "大廈樓高45層，設有花園；法庭上午10時開庭。",
        "條例第88條表格26(2)，2019年修訂。",
    ),
    "zh-Hans": (
        "敬启者：本人身份证号码为{HKID_BARE}，现投诉贵行收费。",
        "索偿人张嘉明{HKID}，配偶{HKID}。",
        "客户经理于{DATE}已核实{HKID}副本。",
        "打{PHONE}没人接，已留言。",
        "来电者电话为{PHONE}，查询费用{AMOUNT}。",
        "白天联系电话{PHONE}，晚上{PHONE}",
        "工资每月打到{ACCOUNT}这个银行账户。",
        "请于{DATE}从账户{ACCOUNT}扣除{AMOUNT}。",
        "商户还保存着{CARD}的资料，虽然我已取消。",
        "信用卡{CARD}出现可疑交易，涉及{AMOUNT}。",
        "月结单只能寄到{EMAIL}。",
        "登录邮箱：{EMAIL}；备用邮箱：{EMAIL}。",
        "我的转数快识别码是{FPS}，不是旧的。",
        "代理输入了居民身份证{MAINLAND_ID}。",
        "她下周持护照{PASSPORT}出境。",
        "回乡证{PERMIT}于{DATE}换领。",
        "在地铁站丢了八达通{OCTOPUS}。",
        "欧洲供应商要求在{DATE}前汇款到{IBAN}。",
        "受保物业位于{ADDRESS}。",
        "{DATE}起新住址为{ADDRESS}，附住址证明。",
        "货件{NUMBER9}已清关，快递单号{NUMBER8}。",
        "您的索赔编号{NUMBER8}已批准，赔偿{AMOUNT}。",
        "单据{REF}涉及开支{AMOUNT}。",
        "净利润上升8.5%至{AMOUNT}，总资产为{AMOUNT}。",
        "{DATE}会议纪要：第1至14项通过，第15项推迟到2026-2027年度。",
        "保单{NUMBER8}于31天后失效。",
        "屏幕显示错误代码{NUMBER8}。",
        "批次{NUMBER9}共1,250条记录，3条被拒。",
        "大厦楼高45层，设有花园；法庭上午10点开庭。",
        "条例第88条表格26(2)，2019年修订。",
    ),
}
SETS = {"tune": TUNE, "check": CHECK, "held": HELD}

_STREETS = {
    "tune": {
        "en": (
            "Nathan Road",
            "Hennessy Road",
            "King's Road",
            "Queen's Road Central",
            "Castle Peak Road",
            "Tai Po Road",
        ),
        "zh-Hant": ("彌敦道", "軒尼詩道", "英皇道", "皇后大道中", "青山公路", "大埔道"),
        "zh-Hans": ("弥敦道", "轩尼诗道", "英皇道", "皇后大道中", "青山公路", "大埔道"),
    },
    "check": {
        "en": ("Waterloo Road", "Electric Road", "Shanghai Street", "Wo Yi Hop Road", "Java Road", "Fa Yuen Street"),
        "zh-Hant": ("窩打老道", "電氣道", "上海街", "和宜合道", "渣華道", "花園街"),
        "zh-Hans": ("窝打老道", "电气道", "上海街", "和宜合道", "渣华道", "花园街"),
    },
    "held": {
        "en": (
            "Argyle Street",
            "Hung To Road",
            "Des Voeux Road West",
            "Ma Tau Wai Road",
            "Sai Lau Kok Road",
            "Lockhart Road",
        ),
        "zh-Hant": ("亞皆老街", "鴻圖道", "德輔道西", "馬頭圍道", "西樓角路", "駱克道"),
        "zh-Hans": ("亚皆老街", "鸿图道", "德辅道西", "马头围道", "西楼角路", "骆克道"),
    },
}
_BUILDINGS = {
    "tune": {
        "en": ("Miramar Tower", "Wing On House", "Lucky Plaza", "Sunshine City"),
        "zh-Hant": ("金輝大廈", "永安中心", "好運廣場", "新城市廣場"),
        "zh-Hans": ("金辉大厦", "永安中心", "好运广场", "新城市广场"),
    },
    "check": {
        "en": ("Harmony Court", "Fortune Industrial Building", "Jade Garden", "Golden Centre"),
        "zh-Hant": ("康怡花園", "富利工業大廈", "翠玉閣", "黃金商場"),
        "zh-Hans": ("康怡花园", "富利工业大厦", "翠玉阁", "黄金商场"),
    },
    "held": {
        "en": ("Wah Fung Mansion", "Prosperity Centre", "Kwong Ming Building", "Lei King Estate"),
        "zh-Hant": ("華豐大廈", "昌盛中心", "廣明苑", "麗景邨"),
        "zh-Hans": ("华丰大厦", "昌盛中心", "广明苑", "丽景邨"),
    },
}
_DISTRICTS = {
    "en": (
        "Mong Kok, Kowloon",
        "Wan Chai, Hong Kong",
        "Sha Tin, New Territories",
        "Kwun Tong",
        "North Point, Hong Kong",
    ),
    "zh-Hant": ("九龍旺角", "香港灣仔", "新界沙田", "觀塘", "香港北角"),
    "zh-Hans": ("九龙旺角", "香港湾仔", "新界沙田", "观塘", "香港北角"),
}
_MAIL = ("gmail.com", "yahoo.com.hk", "example.org", "qq.com", "connect.ust.hk", "hkbank-mail.com")
_MONTHS = ("January", "March", "May", "July", "August", "November")
_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789()ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Sample(NamedTuple):
    """A text and what is in it."""

    text: str
    spans: tuple[Span, ...]
    language: str


def _digits(r: random.Random, n: int) -> str:
    return "".join(r.choice("0123456789") for _ in range(n))


def _hkid(r: random.Random) -> tuple[str, str]:
    letters = r.choice("ABCDEGHKMPRSVYZ") if r.random() < 0.85 else r.choice(("WX", "XA", "XB", "XE", "EC"))
    body = _digits(r, 6)
    return letters + body, next(c for c in "0123456789A" if hkid(letters, body, c))


def _card(r: random.Random) -> str:
    prefix, length = r.choice((("4", 16), ("52", 16), ("37", 15), ("62", 16), ("3567", 16), ("2221", 16), ("62", 19)))
    while True:
        number = prefix + _digits(r, length - len(prefix))
        if card(number):
            break
    if length == 15:
        return r.choice((number, f"{number[:4]} {number[4:10]} {number[10:]}"))
    mark = r.choice(("", " ", "-", ""))
    return mark.join(number[at : at + 4] for at in range(0, length, 4))


def _mainland(r: random.Random) -> str:
    body = f"{r.choice(('440305', '110101', '310115', '440106'))}{r.randint(1950, 2006)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{_digits(r, 3)}"
    return next(body + c for c in "0123456789X" if mainland(body + c))


def _iban(r: random.Random) -> str:
    country, body = r.choice((("DE", _digits(r, 18)), ("GB", "NWBK" + _digits(r, 14)), ("FR", _digits(r, 23))))
    number = next(f"{country}{n:02d}{body}" for n in range(2, 99) if iban(f"{country}{n:02d}{body}"))
    return number if r.random() < 0.5 else " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _phone(r: random.Random) -> str:
    number = r.choice("235679") + r.choice("1345678") + _digits(r, 6)
    form = r.choice(
        ("{a}{b}", "{a}{b}", "{a} {b}", "{a}-{b}", "+852 {a} {b}", "+852{a}{b}", "(852) {a} {b}", "852-{a}{b}")
    )
    return form.format(a=number[:4], b=number[4:])


def _account(r: random.Random) -> str:
    bank = r.choice(("004", "012", "024", "009", "015", "388"))
    form = r.choice(
        ("{b}-{c}-{d6}-{d3}", "{b}-{c}-{d6}", "{b} {c} {d6}", "{b}{c}{d6}", "{c}-{d6}-{d3}", "{b}-{c}-{x}-{d6}")
    )
    return form.format(b=bank, c=_digits(r, 3), d6=_digits(r, 6), d3=_digits(r, 3), x=r.randint(0, 9))


def _address(r: random.Random, which: str, language: str) -> str:
    street, building = r.choice(_STREETS[which][language]), r.choice(_BUILDINGS[which][language])
    district, number, floor, flat = (
        r.choice(_DISTRICTS[language]),
        r.randint(1, 880),
        r.randint(1, 45),
        r.choice("ABCDEFG"),
    )
    if language == "en":
        form = r.choice((
            "Flat {flat}, {floor}/F, {building}, {number} {street}, {district}",
            "{number} {street}, {district}",
            "Room {floor}0{block}, {floor}/F, {building}, {district}",
            "Unit {flat}, {floor}/F, Block {block}, {building}, {number} {street}, {district}",
        ))  # fmt: skip
    else:
        room, hao, lou = "室", "號" if language == "zh-Hant" else "号", "樓" if language == "zh-Hant" else "楼"
        form = r.choice((
            "{district}{street}{number}" + hao + "{building}{floor}" + lou + "{flat}" + room,
            "{district}{street}{number}" + hao,
            "{district}{building}{block}座{floor}" + lou + "{flat}" + room,
        ))  # fmt: skip
    return form.format(
        flat=flat,
        floor=floor,
        building=building,
        number=number,
        street=street,
        district=district,
        block=r.randint(1, 9),
    )


def _amount(r: random.Random) -> str:
    value = r.choice((r.randint(1_000, 99_999), r.randint(1_000_000, 99_999_999)))
    return r.choice((f"HK${value:,}", f"HK${value}", f"HKD {value:,}.{r.randint(0, 99):02d}", f"${value:,}.00"))


def _date(r: random.Random) -> str:
    y, m, d = r.randint(2015, 2026), r.randint(1, 12), r.randint(1, 28)
    return r.choice(
        (f"{y}-{m:02d}-{d:02d}", f"{d:02d}/{m:02d}/{y}", f"{y}{m:02d}{d:02d}", f"{d} {r.choice(_MONTHS)} {y}")
    )


def _ref(r: random.Random) -> str:
    form = r.choice(("{d}-{n}", "INV-{d}-{n}", "{l}{d}{n}", "TXN/{d}/{n}", "{n}-{m}-{l}", "{l}-{n}", "{d}{n}"))
    return form.format(
        d=f"20{r.randint(15, 26)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}",
        n=_digits(r, 8),
        m=_digits(r, 4),
        l=r.choice(("PL", "CX", "Q")),
    )


def value(slot: str, r: random.Random, which: str, language: str) -> tuple[str, str]:
    """The kind (empty for a decoy) and the writing of one slot."""
    match slot:
        case "HKID" | "HKID_BARE":
            body, check = _hkid(r)
            written = f"{body}({check})" if slot == "HKID" else f"{body}{check}"
            if slot == "HKID" and language != "en" and r.random() < 0.3:
                written = written.translate(_WIDE)
            return "HKID", written
        case "PHONE":
            return slot, _phone(r)
        case "ACCOUNT":
            return slot, _account(r)
        case "CARD":
            return slot, _card(r)
        case "EMAIL":
            return (
                slot,
                f"{r.choice(('chan.tm', 'may_lee', 'k.wong88', 'info+hk', 'a1234'))}{r.randint(1, 99)}@{r.choice(_MAIL)}",
            )
        case "FPS":
            return slot, _digits(r, r.choice((7, 9)))
        case "MAINLAND_ID":
            return slot, _mainland(r)
        case "PASSPORT":
            return slot, r.choice(("K", "H", "KJ", "EA")) + _digits(r, r.choice((7, 8)))
        case "PERMIT":
            return slot, "H" + _digits(r, r.choice((8, 10)))
        case "OCTOPUS":
            return slot, r.choice((f"{_digits(r, 8)}({_digits(r, 1)})", _digits(r, 9)))
        case "IBAN":
            return slot, _iban(r)
        case "ADDRESS":
            return slot, _address(r, which, language)
        case "AMOUNT":
            return "", _amount(r)
        case "DATE":
            return "", _date(r)
        case "REF":
            return "", _ref(r)
        case _:
            return "", str(r.randint(1, 9)) + _digits(r, int(slot.removeprefix("NUMBER")) - 1)


def sentence(template: str, r: random.Random, which: str, language: str, offset: int) -> tuple[str, list[Span]]:
    """A template filled in, and the spans of what was planted, moved by ``offset``."""
    text = ""
    spans: list[Span] = []
    for at, part in enumerate(template.replace("}", "{").split("{")):
        if at % 2 == 0:
            text += part
            continue
        kind, written = value(part, r, which, language)
        if kind:
            spans.append(Span(kind, offset + len(text), offset + len(text) + len(written)))  # type: ignore[arg-type]
        text += written
    return text, spans


def samples(which: str, seed: int, count: int, sentences: int = 12) -> list[Sample]:
    """``count`` texts per language of ``sentences`` sentences each; every fourth text mixes in the other language."""
    r = random.Random(f"{which} {seed}")
    templates = SETS[which]
    made: list[Sample] = []
    for language in LANGUAGES:
        for n in range(count):
            text, spans = "", []
            for _ in range(sentences):
                spoken = "en" if n % 4 == 3 and r.random() < 0.5 else language
                filled, found = sentence(r.choice(templates[spoken]), r, which, spoken, len(text))
                spans += found
                text += filled + (" " if spoken == "en" else "")
            made.append(Sample(text, tuple(spans), language))
    return made
