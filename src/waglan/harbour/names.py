"""Names of people who don't exist: Cantonese and Mainland names with their romanisation, and names without Chinese.

Each character has one reading, so the English name is the Chinese one spelt out: 陳大文 is Chan Tai Man, 张伟明 is
Zhang Weiming. Cantonese is written as the Immigration Department's registers mostly do (no official standard),
Mainland names in pinyin, given names joined (GB/T 28039-2011).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Origin = Literal["hong_kong", "mainland", "elsewhere"]
ORIGINS: tuple[Origin, ...] = ("hong_kong", "mainland", "elsewhere")

SURNAMES = """
陳Chan100 黃Wong70 李Lee65 張Cheung45 梁Leung45 林Lam45 吳Ng40 劉Lau38 王Wong30 何Ho30 鄭Cheng26 周Chow24 楊Yeung24
曾Tsang22 葉Yip22 鄧Tang20 蔡Choi20 謝Tse19 馮Fung18 郭Kwok18 羅Lo18 許Hui17 余Yu15 黎Lai15 蘇So12 譚Tam12 麥Mak12
朱Chu12 馬Ma11 潘Poon11 盧Lo10 徐Tsui10 胡Wu9 方Fong8 關Kwan8 呂Lui8 江Kong7 袁Yuen6 文Man6 彭Pang6 賴Lai6 杜To5
湯Tong5 莫Mok5 廖Liu5 伍Ng5 高Ko5 孫Suen5 石Shek4 溫Wan4 侯Hau3 簡Kan3 冼Sin3 韓Hon3 龔Kung3 駱Lok2 歐陽Au_Yeung2
司徒Szeto1
"""
WOMEN_FIRST = """
美Mei 麗Lai 慧Wai 嘉Ka 詠Wing 穎Wing 淑Suk 佩Pui 思Sze 曉Hiu 玉Yuk 秀Sau 惠Wai 雪Suet 潔Kit 婉Yuen 寶Po 凱Hoi 樂Lok
芷Tsz 梓Tsz 子Tsz 心Sum 靜Ching 鳳Fung 少Siu 小Siu
"""
WOMEN_LAST = """
玲Ling 敏Man 芳Fong 婷Ting 欣Yan 怡Yi 珊Shan 雯Man 儀Yee 琪Ki 英Ying 蓮Lin 蘭Lan 珍Chun 娟Kuen 燕Yin 萍Ping 君Kwan
妍Yin 彤Tung 瑩Ying 梅Mui 霞Ha 華Wah 貞Ching 瑜Yu 晴Ching 恩Yan 詩Sze 悅Yuet 盈Ying 嫻Han 芬Fan
"""
MEN_FIRST = """
志Chi 偉Wai 家Ka 國Kwok 文Man 子Tsz 俊Chun 浩Ho 建Kin 永Wing 德Tak 明Ming 錦Kam 耀Yiu 啟Kai 智Chi 嘉Ka 卓Cheuk
兆Siu 漢Hon 振Chun 健Kin 冠Koon 梓Tsz 樂Lok 天Tin 世Sai 正Ching 大Tai 炳Ping 達Tat 仲Chung 展Chin 日Yat
"""
MEN_LAST = """
明Ming 強Keung 輝Fai 華Wah 豪Ho 傑Kit 偉Wai 文Man 峰Fung 賢Yin 軒Hin 龍Lung 榮Wing 生Sang 雄Hung 基Kei 成Shing
光Kwong 昌Cheong 民Man 良Leung 恆Hang 祥Cheung 誠Shing 業Yip 康Hong 倫Lun 平Ping 源Yuen 森Sum 安On 東Tung 權Kuen
威Wai 朗Long 熙Hei 謙Him 仁Yan 霖Lam
"""
MAINLAND_SURNAMES = """
王Wang72 李Li72 张Zhang68 刘Liu54 陈Chen45 杨Yang31 赵Zhao23 黄Huang22 周Zhou21 吴Wu20 徐Xu17 孙Sun15 胡Hu13 朱Zhu13
高Gao12 林Lin12 何He12 郭Guo12 马Ma11 罗Luo10 梁Liang10 宋Song9 郑Zheng9 谢Xie8 韩Han8 唐Tang8 冯Feng8 董Dong7
肖Xiao7 程Cheng6 曹Cao6 袁Yuan6 邓Deng6 许Xu6 傅Fu5 沈Shen5 彭Peng5
"""
MAINLAND_WOMEN = """
丽Li 敏Min 静Jing 婷Ting 雪Xue 芳Fang 娜Na 秀Xiu 娟Juan 英Ying 华Hua 慧Hui 美Mei 玉Yu 萍Ping 红Hong 欣Xin 怡Yi
梦Meng 雨Yu 佳Jia 琳Lin 晓Xiao 莉Li 颖Ying 倩Qian
"""
MAINLAND_MEN = """
伟Wei 强Qiang 磊Lei 军Jun 洋Yang 勇Yong 杰Jie 涛Tao 明Ming 超Chao 刚Gang 平Ping 辉Hui 鹏Peng 飞Fei 波Bo 斌Bin
宇Yu 浩Hao 凯Kai 健Jian 俊Jun 帆Fan 志Zhi 文Wen 建Jian 国Guo 海Hai 龙Long 亮Liang
"""
ELSEWHERE_WOMEN = ("Maria", "Grace", "Siti", "Dewi", "Priya", "Anita", "Sunita", "Fatima", "Emily", "Sarah", "Jenny")
ELSEWHERE_MEN = ("Jose", "Mark", "Rajesh", "Amit", "Bishnu", "Imran", "James", "Daniel", "Thomas", "Hiroshi")
ELSEWHERE_SURNAMES = (
    "Santos", "Reyes", "Cruz", "Wulandari", "Sharma", "Patel", "Gurung", "Rai", "Khan", "Ahmed", "Smith", "Taylor",
    "Brown", "Tanaka", "Martin",
)  # fmt: skip
_ENTRY = re.compile(r"([^A-Za-z\s]+)([A-Za-z_]+)(\d*)")
SINGLE_SHARE = 0.06
MAINLAND_SINGLE_SHARE = 0.35

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Name(NamedTuple):
    """English name with the surname first, and the Chinese name, empty where there is none."""

    en: str
    zh: str


class Syllable(NamedTuple):
    """A character or a double surname, its reading, and how often it comes (per mille; 1 where it isn't said)."""

    zh: str
    en: str
    weight: int


@cache
def syllables(table: str) -> tuple[Syllable, ...]:
    """A table above as values."""
    return tuple(
        Syllable(zh, en.replace("_", " "), int(weight or 1)) for zh, en, weight in _ENTRY.findall(table)
    )  # fmt: skip


def draw_names(woman: Bools, origin: Ints, rng: np.random.Generator) -> list[Name]:
    """A name for each person.

    Parameters
    ----------
    woman
        Shape (n,).
    origin
        Shape (n,), positions in `ORIGINS`.
    rng
        Equal states give equal names.
    """
    n = woman.size
    surname, first, last, single = rng.random(n), rng.random(n), rng.random(n), rng.random(n)
    draws = zip(*(each.tolist() for each in (woman, origin, surname, first, last, single)), strict=True)
    makers = (_cantonese, _mainland, _elsewhere)
    return [makers[where](female, s, a, b, one) for female, where, s, a, b, one in draws]


def _cantonese(female: bool, surname: float, first: float, last: float, single: float) -> Name:
    family = _weighted(SURNAMES, surname)
    before = _even(WOMEN_FIRST if female else MEN_FIRST, first)
    after = _even(WOMEN_LAST if female else MEN_LAST, last)
    if single < SINGLE_SHARE or after.zh == before.zh:
        return Name(f"{family.en} {after.en}", family.zh + after.zh)
    return Name(f"{family.en} {before.en} {after.en}", family.zh + before.zh + after.zh)


def _mainland(female: bool, surname: float, first: float, last: float, single: float) -> Name:
    family = _weighted(MAINLAND_SURNAMES, surname)
    table = MAINLAND_WOMEN if female else MAINLAND_MEN
    before, after = _even(table, first), _even(table, last)
    if single < MAINLAND_SINGLE_SHARE or after.zh == before.zh:
        return Name(f"{family.en} {after.en}", family.zh + after.zh)
    return Name(f"{family.en} {before.en}{after.en.lower()}", family.zh + before.zh + after.zh)


def _elsewhere(female: bool, surname: float, first: float, last: float, single: float) -> Name:
    given = ELSEWHERE_WOMEN if female else ELSEWHERE_MEN
    return Name(f"{ELSEWHERE_SURNAMES[int(surname * len(ELSEWHERE_SURNAMES))]} {given[int(first * len(given))]}", "")


def _even(table: str, draw: float) -> Syllable:
    known = syllables(table)
    return known[int(draw * len(known))]


@cache
def _ladder(table: str) -> tuple[Syllable, ...]:
    """Each syllable as often as its weight says, so that an even draw picks by weight."""
    return tuple(each for each in syllables(table) for _ in range(each.weight))


def _weighted(table: str, draw: float) -> Syllable:
    ladder = _ladder(table)
    return ladder[int(draw * len(ladder))]
