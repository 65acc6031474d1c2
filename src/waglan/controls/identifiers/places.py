"""Words that Hong Kong addresses are made of. Public geography, both scripts; not complete, and need not be.

A name outside these lists is still found by its ending (road, 道, 大廈); the lists settle where an address begins.
"""

from __future__ import annotations

REGIONS_EN = "Hong Kong SAR|Hong Kong Island|Hong Kong|Kowloon|New Territories|Lantau Island|N.T.|H.K.|HKSAR|HK|KLN|NT"
DISTRICTS_EN = (
    "Central and Western|Central & Western|Central|Sheung Wan|Sai Ying Pun|Kennedy Town|Mid-Levels|The Peak|"
    "Admiralty|Wan Chai|Wanchai|Causeway Bay|Happy Valley|Tai Hang|Tin Hau|Fortress Hill|North Point|Quarry Bay|"
    "Tai Koo|Taikoo Shing|Sai Wan Ho|Shau Kei Wan|Chai Wan|Siu Sai Wan|Aberdeen|Ap Lei Chau|Pok Fu Lam|Stanley|"
    "Repulse Bay|Wong Chuk Hang|Eastern District|Southern District|Tsim Sha Tsui East|Tsim Sha Tsui|Jordan|"
    "Yau Ma Tei|Mong Kok|Mongkok|Prince Edward|Tai Kok Tsui|Sham Shui Po|Cheung Sha Wan|Lai Chi Kok|Mei Foo|"
    "Kowloon City|Kowloon Tong|Kowloon Bay|Ho Man Tin|Hung Hom|To Kwa Wan|Kai Tak|San Po Kong|Wong Tai Sin|"
    "Diamond Hill|Ngau Tau Kok|Kwun Tong|Lam Tin|Yau Tong|Tseung Kwan O|Sai Kung|Sha Tin|Shatin|Tai Wai|Fo Tan|"
    "Ma On Shan|Tai Po|Fanling|Sheung Shui|Yuen Long|Tin Shui Wai|Tuen Mun|Tsuen Wan|Kwai Chung|Kwai Fong|Tsing Yi|"
    "Tung Chung|Discovery Bay|Mui Wo|Cheung Chau|Lamma Island"
)
ROADS_EN = (
    "Road|Rd|Street|St|Avenue|Ave|Lane|Drive|Terrace|Path|Crescent|Circuit|Square|Close|Praya|Boulevard|Highway|"
    "Strand|Row|Place|Way|Parade|Walk|Mews|Wharf"
)
BUILDINGS_EN = (
    "Building|Bldg|House|Court|Mansions?|Estate|Gardens?|Centre|Center|Towers?|Plaza|Villas?|Heights|City|Mall|"
    "Chambers|Lodge|Arcade|Apartments?|Bay|Peak|Exchange|Hall"
)

REGIONS_HAN = "(?:中[國国])?香港(?:特[別别]行政[區区]|[島岛])?|九[龍龙]|新界|大[嶼屿]山"
DISTRICTS_HAN = (
    "中西|中[環环]|上[環环]|西[營营][盤盘]|[堅坚]尼地城|半山|金[鐘钟]|[灣湾]仔|[銅铜][鑼锣][灣湾]|跑[馬马]地|大坑|"
    "天后|炮[臺台]山|北角|[鰂鲗][魚鱼]涌|太古|西[灣湾]河|筲箕[灣湾]|柴[灣湾]|小西[灣湾]|香港仔|[鴨鸭]脷洲|薄扶林|"
    "赤柱|[淺浅]水[灣湾]|黃竹坑|黄竹坑|尖沙咀[東东]?|佐敦|油麻地|旺角|太子|大角咀|深水埗|[長长]沙[灣湾]|荔枝角|"
    "美孚|油尖旺|九[龍龙]城|九[龍龙]塘|九[龍龙][灣湾]|何文田|[紅红]磡|土瓜[灣湾]|[啟启]德|新蒲[崗岗]|[黃黄]大仙|"
    "[鑽钻]石山|牛[頭头]角|[觀观]塘|[藍蓝]田|油塘|[將将][軍军]澳|西[貢贡]|沙田|大[圍围]|火炭|[馬马]鞍山|大埔|"
    "粉[嶺岭]|上水|元朗|天水[圍围]|屯[門门]|荃[灣湾]|葵涌|葵芳|葵青|[青]衣|[東东]涌|愉景[灣湾]|[離离][島岛]|"
    "[長长]洲|南丫[島岛]"
)
STREETS_HAN = (
    "[彌弥]敦道|[亞亚]皆老街|德[輔辅]道|干[諾诺]道|皇后大道|[軒轩]尼[詩诗]道|英皇道|告士打道|[駱骆]克道|[謝谢]斐道|"
    "[莊庄]士敦道|荷[李里]活道|[羅罗]便臣道|般咸道|[堅坚]道|廣東道|广东道|[漆柒]咸道|金[馬马][倫伦]道|佐敦道|"
    "太子道|[長长]沙[灣湾]道|青山公路|[觀观]塘道|鴻[圖图]道|鸿图道|偉業街|伟业街|[開开]源道|海[濱滨]道|大埔道|"
    "大埔公路|[窩窝]打老道|[馬马][頭头][圍围]道|清水[灣湾]道|西洋菜街|通菜街|女人街|花園街|花园街|康[樂乐]道|"
    "[雲云]咸街|[畢毕]打街|[遮]打道|雪厂街|雪廠街|希慎道|怡和街|禮頓道|礼顿道|筲箕[灣湾]道|柴[灣湾]道"
)
ROADS_HAN = "大道|公路|道|街|路|里|徑|径|巷|坊|臺|台"
BUILDINGS_HAN = (
    "商[業业]大[廈厦]|工[業业]大[廈厦]|大[廈厦]|商[業业]中心|工[業业]中心|中心|[廣广][場场]|花[園园]|屋苑|苑|邨|村|"
    "閣|阁|[軒轩]|豪庭|庭|城|大[樓楼]|商[場场]|名[門门]|半[島岛]|[灣湾]畔|[樓楼]"
)
