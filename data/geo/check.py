#!/usr/bin/env python3
"""Check geo.tsv: codes, nesting, names. Prints counts; exit code 1 on a failure.

    python3 check.py [FILE]
"""
import os
import re
import sys
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ['id', 'parent_id', 'type', 'code', 'name_en', 'name_ru', 'population']
RANK = {25: 0, 30: 1, 35: 2, 40: 3, 50: 4}

# ISO 3166-1 alpha-2, all 249 officially assigned codes.
ISO = '''
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
'''.split()


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, 'geo.tsv')
    errors = []

    def fail(text):
        errors.append(text)

    with open(path, encoding='utf-8', newline='') as f:
        text = f.read()
    if '\r' in text or not text.endswith('\n'):
        fail('line ends')
    lines = text.split('\n')[:-1]
    if lines[0].split('\t') != COLUMNS:
        fail(f'header: {lines[0]}')
    rows, last, codes = {}, 0, Counter()
    for number, line in enumerate(lines[1:], 2):
        field = line.split('\t')
        if len(field) != len(COLUMNS):
            fail(f'line {number}: {len(field)} columns')
            continue
        if any(x != x.strip() for x in field):
            fail(f'line {number}: spaces around a value')
        id_, kind = int(field[0]), int(field[2])
        parent = int(field[1]) if field[1] else None
        if not last < id_ < 2 ** 31:
            fail(f'line {number}: id {id_} out of order, twice or too large')
        last = id_
        if kind not in RANK:
            fail(f'line {number}: type {kind}')
            continue
        if not field[4] or not field[5]:
            fail(f'line {number}: empty name')
        if re.search('[\u0400-\u04ff]', field[4]):
            fail(f'line {number}: Cyrillic in the English name {field[4]}')
        if not re.search('[А-Яа-яЁё]', field[5]):
            fail(f'line {number}: no Cyrillic in {field[5]}')
        if re.search('[A-Za-zЀ-ЏѐҐ-ӿ]', re.sub(r'\b[IVX]+\b', '', field[5]).replace('Ё', 'Е').replace('ё', 'е')):
            fail(f'line {number}: a letter that is not Russian in {field[5]}')
        if field[6] and not field[6].isdigit():
            fail(f'line {number}: population {field[6]}')
        if kind in (30, 50) and not field[6]:
            fail(f'line {number}: no population')
        if kind == 50 and int(field[6]) <= 100_000:
            fail(f'line {number}: city too small')
        if kind != 50:
            if not field[3]:
                fail(f'line {number}: no code')
            codes[kind, field[3]] += 1
        rows[id_] = (parent, kind, field[3], field[4])
    for (kind, code), n in codes.items():
        if n > 1:
            fail(f'code {code} of type {kind} is there {n} times')
    found = sorted(code for kind, code in codes if kind == 30)
    if found != sorted(ISO) or len(ISO) != 249:
        fail(f'countries: {set(found) ^ set(ISO)}')
    for id_, (parent, kind, _, name) in rows.items():
        if parent is None:
            if kind != 25:
                fail(f'{id_} {name}: a root of type {kind}')
        elif parent not in rows:
            fail(f'{id_} {name}: no parent {parent}')
        else:
            above = rows[parent][1]
            if RANK[above] > RANK[kind] or (above == kind and kind != 25):
                fail(f'{id_} {name}: type {kind} inside {above}')
            if kind > 30 and above == 25:
                fail(f'{id_} {name}: outside of any country')
    same = Counter((parent, kind, name) for parent, kind, _, name in rows.values())
    twice = [key for key, n in same.items() if n > 1]
    if [key for key in twice if key[1] != 50]:
        fail(f'siblings of one name: {[key for key in twice if key[1] != 50]}')
    count = Counter(kind for _, kind, _, _ in rows.values())
    for kind in sorted(count):
        print(f'type {kind}: {count[kind]}')
    no_region = sum(1 for p, k, _, _ in rows.values() if k == 50 and rows.get(p, (0, 0))[1] == 30)
    print(f'rows: {len(rows)}; cities directly under a country: {no_region}; '
          f'cities sharing a name within a region: {sum(1 for key in twice if key[1] == 50)}')
    for text in errors[:50]:
        print('FAIL', text)
    if errors:
        sys.exit(f'{len(errors)} failures')
    print('ok')


if __name__ == '__main__':
    main()
