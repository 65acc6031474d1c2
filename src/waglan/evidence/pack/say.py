"""What a pack says, in English and in Traditional Chinese as written in Hong Kong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Tongue = Literal["en", "zh-Hant"]
TONGUES: tuple[Tongue, ...] = get_args(Tongue)
_HONG_KONG = dt.timezone(dt.timedelta(hours=8))

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "title": ("Evidence for obligations on AI", "人工智能責任的證據"),
    "board": ("AI on one page", "人工智能一頁摘要"),
    "entity": ("Institution", "機構"),
    "all": ("Everything on this log", "本紀錄冊的全部內容"),
    "licences": ("Licences", "牌照"),
    "window": ("Period", "期間"),
    "catalogue": ("Catalogue of obligations", "責任目錄"),
    "log": ("Log", "紀錄冊"),
    "log_at": ("{size} entries were counted; root {root}", "已點算 {size} 項；根雜湊 {root}"),
    "made": ("Made", "製作時間"),
    "tool": ("Made by", "製作程式"),
    "synthetic": ("Sample bank: every person, firm and figure here is synthetic.", "示範銀行：所有人、公司及數字均為虛構。"),
    "own": (
        "The institution recorded this itself. Recorded means: on its log, which can't be rewritten unnoticed. Anchored "
        "means: the log's head is signed, and where the firm does so, kept by outsiders. Attested means: a named role "
        "stands for it. Verified wording means: somebody opened the source and says what they saw.",
        "本報告由機構自行記錄。「已記錄」指已載入其紀錄冊，改動必留痕跡；「已錨定」指紀錄冊的首部已經簽署，如有安排，亦由外間保存；"
        "「已聲明」指由指定職位的人員承擔；「已核實措辭」指有人曾開啟原文並說明所見。",
    ),
    "advice": (
        "Not legal advice. Obligations are paraphrased; the letters V, S and U say how far each wording was checked.",
        "本報告並非法律意見。各項責任為轉述；V、S、U 表示措辭已核實至何種程度。",
    ),
    "headlines": ("Three figures, never added up", "三項數字，不作合計"),
    "live": ("Live evidence", "實時證據"),
    "live_value": ("{met} of {of} met", "{of} 項中 {met} 項達到"),
    "live_note": (
        "obligations that decisions can show; {answered} have an answer", "可由決定顯示的責任；{answered} 項已有答案",
    ),
    "attested_head": ("Attestations and registers", "聲明與登記冊"),
    "attested_value": ("{n} of {of} in force", "{of} 項中 {n} 項有效"),
    "attested_note": ("obligations that people or registers stand for", "由人員或登記冊承擔的責任"),
    "wording": ("Wording", "措辭"),
    "wording_value": ("V {v} · S {s} · U {u}", "V {v} · S {s} · U {u}"),
    "wording_note": (
        "V: the source was opened and read; S: from a secondary source; U: unverified",
        "V：已開啟並閱讀原文；S：來自二手資料；U：未核實",
    ),
    "capture_value": (
        "Capture ratio {share}: {recorded} recorded of {counted} that {source} counted.",
        "記錄比率 {share}：{source} 點算 {counted} 宗，已記錄 {recorded} 宗。",
    ),
    "capture_none": ("Nobody else counted the calls, so nothing says what is missing.", "沒有其他系統點算，故無從得知有否遺漏。"),
    "of_recorded": ("Every share here is of recorded decisions.", "本報告所有比率均以已記錄的決定計算。"),
    "recorded": ("{n} live decisions were recorded in the period.", "期內已記錄 {n} 宗實際決定。"),
    "statuses": ("Obligations by status", "各狀況的責任數目"),
    "status": ("Status", "狀況"),
    "breaches": ("Breached", "有違反"),
    "no_breaches": ("No obligation is breached by what was recorded.", "根據已記錄的資料，沒有責任遭違反。"),
    "clause": ("Obligation", "責任"),
    "clauses": ("All obligations, the worst first", "全部責任，最差者先列"),
    "asks": ("What it asks", "要求"),
    "letter": ("Wording", "措辭"),
    "tests": ("Tests", "測試"),
    "test": ("Test", "測試"),
    "passed": ("Passed", "通過"),
    "failed": ("Failed", "未通過"),
    "unknown": ("Unknown", "未知"),
    "scope_unknown": ("Scope unknown", "範圍未知"),
    "between": ("Share, floor to ceiling", "比率下限至上限"),
    "newest": ("Newest example", "最近例子"),
    "number": ("Number", "數目"),
    "why": ("Why", "原因"),
    "sampled": ("sampled; 95 % interval {low} to {high}", "抽樣；95% 區間 {low} 至 {high}"),
    "examples": ("Counter-examples", "反例"),
    "examples_lead": (
        "The newest that failed each test. Decisions are shown whole, personal data masked, in sample.jsonl, each with its "
        "proof.",
        "每項測試最近的未通過例子。相關決定全文載於 sample.jsonl，個人資料已遮蓋，並各附證明。",
    ),
    "no_examples": ("None.", "沒有。"),
    "when": ("When", "時間"),
    "use_case": ("Use case", "用例"),
    "place": ("Place in the log", "紀錄冊位置"),
    "incidents": ("Open incidents", "未結束事故"),
    "incident": ("Incident", "事故"),
    "cause": ("Cause", "起因"),
    "severity": ("Severity", "嚴重程度"),
    "due": ("Next clock", "下一期限"),
    "no_incidents": ("No incident is open.", "沒有未結束的事故。"),
    "no_clock": ("none is set", "未設期限"),
    "tiers": ("Tiers of use cases", "用例級別"),
    "declared": ("Declared", "申報"),
    "assessed": ("Assessed", "評估"),
    "observed": ("Observed", "觀察"),
    "effective": ("Acted on", "實際採用"),
    "decisions": ("Decisions, 30 days", "30 日決定數目"),
    "suspended": ("suspended", "已暫停"),
    "no_tiers": ("No use case is registered.", "沒有已登記的用例。"),
    "vendors": ("Vendors", "供應商"),
    "vendor": ("Vendor", "供應商"),
    "share": ("Share of decisions", "佔決定比率"),
    "substitute": ("Substitute", "替代"),
    "exit_plan": ("Exit plan", "退出計劃"),
    "concentration": ("Concentration of vendors (HHI, 0 to 1): {value}", "供應商集中度（HHI，0 至 1）：{value}"),
    "concentrated": ("highly concentrated", "高度集中"),
    "no_vendors": ("No vendor is registered.", "沒有已登記的供應商。"),
    "drills": ("Drills", "演習"),
    "drill": ("Drill", "演習"),
    "result": ("Result", "結果"),
    "drill_passed": ("passed", "通過"),
    "drill_failed": ("failed", "未通過"),
    "no_drills": ("No drill was recorded.", "沒有演習紀錄。"),
    "models": ("Models", "模型"),
    "model": ("Model", "模型"),
    "origin": ("Origin", "來源"),
    "validated": ("Validated until", "驗證有效至"),
    "answers": ("Answers in the period", "期內回覆數目"),
    "changed": ("Changed since the period before", "與上一期間比較"),
    "no_change": ("Nothing changed.", "沒有變化。"),
    "no_before": ("There is no period before to compare with.", "沒有上一期間可作比較。"),
    "was": ("{before} → {now}", "{before} → {now}"),
    "more": ("and {n} more", "另有 {n} 項"),
    "method": ("How to read and check this", "如何閱讀及核實"),
    "method_1": (
        "A decision passes, fails, can't be tested because a field is missing, or can't be told to be in scope. The floor "
        "counts everything unknown as a failure, the ceiling counts it as passed. Drills, replays and imported decisions "
        "are left out.",
        "一宗決定可為通過、未通過、因欠缺欄位而無法測試，或無法判斷是否屬範圍之內。下限把未知一律視作未通過，上限則視作通過。演習、重演及匯入的決定不計算在內。",
    ),
    "method_2": (
        "Run python3 verify.py in this folder: it needs Python 3.11 and nothing else. It checks every file against "
        "MANIFEST, MANIFEST against the log's signature, and each decision shown against the log. Take the keys from paper.",
        "在本資料夾執行 python3 verify.py，只需 Python 3.11。程式會以 MANIFEST 核對每個檔案、以紀錄冊的簽署核對 MANIFEST，並核對所示的每宗決定。請使用以紙本取得的公鑰。",
    ),
    "method_3": (
        "The sample of {n} decisions was drawn by a rule that nobody can steer: the smallest SHA-256 of seed and id. "
        "Seed: {seed}.",
        "抽樣的 {n} 宗決定按無人可左右的規則選出：種子與編號的 SHA-256 最小者。種子：{seed}。",
    ),
    "page": ("Page {n}", "第 {n} 頁"),
})  # fmt: skip

CODES: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType({
    "status": {
        "breached": ("Breached", "有違反"), "no_evidence": ("No evidence", "未有證據"), "unknown": ("Unknown", "未知"),
        "expired": ("Expired", "已過期"), "thin": ("Too few", "數量不足"), "stale": ("Stale", "已過時"),
        "attested": ("Attested", "已聲明"), "met": ("Met", "已達到"), "not_applicable": ("Not applicable", "不適用"),
    },
    "why": {
        "failed": ("something failed", "有未通過者"), "below": ("below what is required", "低於要求"),
        "no_rows": ("nothing to look at", "沒有可查看的資料"), "unknown_share": ("too much is unknown", "未知比例過高"),
        "few": ("too few to say", "數量不足以判斷"), "old": ("the newest is too old", "最近的資料已過舊"),
        "ended": ("it ended", "已屆滿"), "excused": ("excused for a reason", "獲豁免並載明理由"),
        "unlicensed": ("the licences don't call for it", "牌照不要求"), "superseded": ("superseded", "已被取代"),
    },
    "licence": {
        "bank": ("bank", "銀行"), "licensed_corporation": ("licensed corporation", "持牌法團"),
        "insurer": ("insurer", "保險公司"), "insurance_intermediary": ("insurance intermediary", "保險中介人"),
        "mpf": ("MPF trustee", "強積金受託人"), "svf": ("stored value facility", "儲值支付工具"),
        "audit_firm": ("audit firm", "會計師事務所"),
    },
    "tier": {
        "low": ("Low", "低"), "medium": ("Medium", "中"), "high": ("High", "高"), "critical": ("Critical", "極高"),
    },
    "cause": {
        "observed_tier": ("observed above declared tier", "觀察級別高於申報"), "ledger": ("log", "紀錄冊"),
        "control_failed": ("a control failed", "管控措施失效"), "unvalidated_model": ("model not validated", "模型未經驗證"),
        "disclosure_missing": ("disclosure missing", "欠缺披露"), "alarm": ("alarm", "警報"), "gate": ("gate", "關卡"),
        "breach": ("breach of an obligation", "違反責任"), "outage": ("outage", "中斷"),
        "data_breach": ("data breach", "資料外洩"), "cyber": ("cyber attack", "網絡攻擊"),
        "complaint": ("complaint", "投訴"), "vendor": ("vendor", "供應商"), "other": ("other", "其他"),
    },
    "drill": {
        "failover": ("failover", "故障切換"), "kill_switch": ("kill switch", "緊急停用"), "restore": ("restore", "還原"),
        "incident_response": ("incident response", "事故應變"), "scenario": ("scenario", "情景"),
    },
    "origin": {
        "own": ("own", "自行開發"), "group": ("group", "集團"), "vendor": ("vendor", "供應商"), "open": ("open", "開源"),
    },
})  # fmt: skip


class Saying:
    """Words and figures in one language."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue: Tongue = tongue
        self._at = TONGUES.index(tongue)

    def __call__(self, key: str, **values: object) -> str:
        text = WORDS[key][self._at]
        return text.format(**values) if values else text

    def code(self, group: str, code: str) -> str:
        """A code in words; itself where the group doesn't know it, a dash where there is none."""
        found = CODES[group].get(code)
        return found[self._at] if found else code or "–"

    def text(self, texts: Mapping[str, str]) -> str:
        """Text per language in this one, else in English, else in any."""
        return texts.get(self.tongue) or texts.get("en") or next(iter(texts.values()), "")

    def number(self, value: float | None) -> str:
        return "–" if value is None else f"{value:,}"

    def percent(self, share: float | None) -> str:
        """``98.3 %``; never rounded up to the whole, nor down to nothing."""
        if share is None:
            return "–"
        shown = f"{100 * share:.1f}"
        if shown == "100.0" and share < 1:
            shown = "> 99.9"
        if shown == "0.0" and share > 0:
            shown = "< 0.1"
        return f"{shown} %"

    def moment(self, value: object) -> str:
        """A time of the record as Hong Kong's clocks show it."""
        if isinstance(value, dt.datetime):
            at = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        elif isinstance(value, int):
            at = dt.datetime.fromtimestamp(value / 1000, dt.UTC)
        else:
            return "–"
        return f"{at.astimezone(_HONG_KONG):%Y-%m-%d %H:%M}"
