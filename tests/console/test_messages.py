"""The console's catalogues: complete, up to date, compiled, and each in its own written Chinese."""

import gettext
import io
import re
from functools import cache
from itertools import product

import pytest
from babel.messages.catalog import Message

from tests.console import messages

DOMAINS = tuple(messages.domains())
CATALOGUES = tuple(product(messages.LANGUAGES, DOMAINS))
EACH = pytest.mark.parametrize(("language", "domain"), CATALOGUES)
AS_IN_ENGLISH = {"HTTP", "Python"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]")

# Pair by pair, frequent characters of which the first is written in Traditional Chinese alone and the second in
# Simplified Chinese alone. Pairs with a form that both have, such as 后 and 里, say nothing and are left out.
TRADITIONAL = (
    "個們來這時說對為與關開門問間閱讀寫記錄證據數碼網頁鑰識別認設計訂許試詞話語請誤調論護變讓負責財資質貼"
    "購費車軟載較輸轉辦辭邊過達違運進適選遺還郵釋銀銷錢錯鍵鎖鏈閉隊階際隨險隱雙雜離難電響項順預領頭題額類"
    "顯風飛養馬驗驟體點齡兩嚴亂爭產亞從價優會傳傷條極構標樣機檢權欄歡歸歷殘沒決況減測滿漢濟無煩熱獨獲環現"
    "異當發監盤確種稱節篩簡簽約純紙級細終組結絕給統經維線緊編練總縮織續聯職聲腦舊處號補裝複見規視覺觀訊討"
    "訪評譯貨貴賬趨輕連邏鄰醫鐘鐵長陽陰陸隸靈靜韓頒飯館駐騰魚鳥麗齊齒龍龜執報場塊壓夠夾實審寬專將導屆屬庫"
    "廢張強徑應憑態戶掃換損擁擇擊撥斷書東樂橫櫃濫滾燈牽狀"
)
SIMPLIFIED = (
    "个们来这时说对为与关开门问间阅读写记录证据数码网页钥识别认设计订许试词话语请误调论护变让负责财资质贴"
    "购费车软载较输转办辞边过达违运进适选遗还邮释银销钱错键锁链闭队阶际随险隐双杂离难电响项顺预领头题额类"
    "显风飞养马验骤体点龄两严乱争产亚从价优会传伤条极构标样机检权栏欢归历残没决况减测满汉济无烦热独获环现"
    "异当发监盘确种称节筛简签约纯纸级细终组结绝给统经维线紧编练总缩织续联职声脑旧处号补装复见规视觉观讯讨"
    "访评译货贵账趋轻连逻邻医钟铁长阳阴陆隶灵静韩颁饭馆驻腾鱼鸟丽齐齿龙龟执报场块压够夹实审宽专将导届属库"
    "废张强径应凭态户扫换损拥择击拨断书东乐横柜滥滚灯牵状"
)
FOREIGN = {"zh_Hant": SIMPLIFIED, "zh_Hans": TRADITIONAL}
CHARACTERS = {"zh_Hant": "big5", "zh_Hans": "gb2312"}


@cache
def translated(language: str, domain: str) -> tuple[Message, ...]:
    return tuple(message for message in messages.read(language, domain) if message.id)


@cache
def extracted(domain: str) -> list[str | tuple[str, str]]:
    return messages.messages(domain)


def forms(message: Message) -> list[tuple[str, str]]:
    """Each translated form beside the English that it stands for; Chinese has one, for the plural."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return [(message.id[1], string) for string in message.string]


@EACH
def test_every_sentence_of_the_sources_is_in_the_catalogue_and_no_other(language, domain):
    found = extracted(domain)
    assert len(found) > 5
    assert [m.id for m in translated(language, domain)] == found, f"run: python -m tests.console.messages {domain}"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_one_english_text_has_one_translation_whatever_the_page(language):
    """The pages' catalogues stand behind one another, so of two translations one would never be shown."""
    shown: dict[str, str] = {}
    for domain in DOMAINS:
        for english, chinese in (form for message in translated(language, domain) for form in forms(message)):
            assert shown.setdefault(english, chinese) == chinese, (domain, english)


@EACH
def test_nothing_lacks_a_translation(language, domain):
    assert messages.lacking(messages.read(language, domain)) == []
    assert not any(m.fuzzy for m in translated(language, domain))


@EACH
def test_what_is_compiled_is_what_is_written(language, domain):
    with messages.path(language, domain, "mo").open("rb") as file:
        shipped = dict(gettext.GNUTranslations(file)._catalog)
    written: dict[object, str] = {}
    for message in translated(language, domain):
        if isinstance(message.id, str):
            written[message.id] = message.string
        else:
            written |= {(message.id[0], n): string for n, string in enumerate(message.string)}
    shipped.pop("")
    assert shipped == written, f"run: python -m tests.console.messages {domain}"


@EACH
def test_compiling_again_gives_the_same_bytes(language, domain):
    first, second = (messages.compiled(messages.read(language, domain)) for _ in range(2))
    assert first == second
    header = gettext.GNUTranslations(io.BytesIO(first)).info()
    assert (header["pot-creation-date"], header["po-revision-date"]) == ("2026-01-01 00:00+0000",) * 2


@EACH
def test_placeholders_are_those_of_the_original(language, domain):
    for message in translated(language, domain):
        for english, chinese in forms(message):
            assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english)), english


@EACH
def test_links_commands_and_code_stay_as_they_are(language, domain):
    code = re.compile(r"<[^>]+>|waglan [a-z]+|waglan\.toml|[a-z]+_[a-z_]+|GET /[a-z.]+|\[[a-z]+\]")
    for message in translated(language, domain):
        for english, chinese in forms(message):
            assert sorted(code.findall(chinese)) == sorted(code.findall(english)), english
            assert all(word in english for word in re.findall(r"[A-Za-z][A-Za-z0-9._/-]*", chinese)), english


@EACH
def test_nothing_is_left_in_english(language, domain):
    for message in translated(language, domain):
        for english, chinese in forms(message):
            if english not in AS_IN_ENGLISH and re.search("[A-Za-z]", PLACEHOLDER.sub("", english)):
                assert chinese != english
                assert re.search("[\u4e00-\u9fff]", chinese), english


def test_the_pairs_are_pairs():
    assert len(TRADITIONAL) == len(SIMPLIFIED) == len(set(TRADITIONAL)) == len(set(SIMPLIFIED)) >= 150
    assert not set(TRADITIONAL) & set(SIMPLIFIED)


@EACH
def test_each_script_keeps_to_its_own_characters(language, domain):
    for message in translated(language, domain):
        for _, chinese in forms(message):
            assert not set(chinese) & set(FOREIGN[language]), chinese
            ideographs = "".join(re.findall("[\u3400-\u9fff]", chinese))
            ideographs.encode(CHARACTERS[language])  # a wider net than the pairs; raises on what its script lacks


@EACH
def test_quotation_marks_and_address_are_those_of_the_place(language, domain):
    foreign = "“”您" if language == "zh_Hant" else "「」你妳"
    for message in translated(language, domain):
        for _, chinese in forms(message):
            assert not set(chinese) & set(foreign), chinese
