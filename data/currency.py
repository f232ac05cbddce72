#!/usr/bin/env python3
"""Build currency.tsv: the active ISO 4217 currencies and USDT.

    python3 currency.py [--cache DIR]

Sources, fetched with `npm pack` at pinned versions and checked by SHA-256:
  currency-codes 2.2.0 (MIT): ISO 4217 list one of 2024-06-25: codes, numbers,
      minor-unit digits, English names;
  cldr 8.0.0 (BSD-3-Clause), the Unicode CLDR files inside it (Unicode-3.0):
      Russian names, and since when a code is no longer in use.
Later amendments of ISO 4217 are in AMENDED below. Funds, precious metals,
test codes and accounting units are left out.
"""
import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {
    'currency-codes-2.2.0.tgz': ('currency-codes@2.2.0',
        '741edb04557a9c7c5312567dac46c6fe4866623ef20fd3687b586e9b31f4a4b9'),
    'cldr-8.0.0.tgz': ('cldr@8.0.0',
        '1e1da9d722452fc6cb2ccd15704079033b6526bbf4cb6f3b237658838ed30175'),
}
# Funds and units of account that carry national-looking codes.
NOT_MONEY = {'BOV', 'CHE', 'CHW', 'CLF', 'COU', 'MXV', 'USN', 'UYI', 'UYW'}
# Amendments after the list: code -> (number, digits, English, Russian) or None if withdrawn.
AMENDED = {
    'XCG': (532, 2, 'Caribbean Guilder', 'карибский гульден'),       # amendment 176, 2025
    'ANG': None,
    'ZWG': (924, 2, 'Zimbabwe Gold', 'зимбабвийский золотой'),       # amendment 177, 2024
    'ZWL': None,
    'BGN': None,                                                     # euro since 2026-01-01
    'CUC': None, 'HRK': None, 'SLL': None,                           # withdrawn earlier
}
EXTRA = [(10001, 'USDT', 2, 'Tether USD', 'Tether USD')]             # not ISO: our own id
NAMES_RU = {'VED': 'венесуэльский цифровой боливар', 'SVC': 'сальвадорский колон'}


def archive(cache, name):
    package, digest = SOURCES[name]
    path = os.path.join(cache, name)
    if not os.path.exists(path):
        subprocess.run(['npm', 'pack', '--silent', package], cwd=cache, check=True, stdout=subprocess.DEVNULL)
    with open(path, 'rb') as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            sys.exit(f'{name}: wrong SHA-256')
    return tarfile.open(path)


def build(cache):
    codes = archive(cache, 'currency-codes-2.2.0.tgz').extractfile('package/iso-4217-list-one.xml').read()
    cldr = archive(cache, 'cldr-8.0.0.tgz')
    tree = ET.fromstring(cldr.extractfile('package/3rdparty/cldr/common/main/ru.xml').read())
    russian = {}
    for currency in tree.iter('currency'):
        for name in currency.findall('displayName'):
            if not name.get('count'):
                russian[currency.get('type')] = name.text
    rows = {}
    for entry in ET.fromstring(codes).iter('CcyNtry'):
        code, name = entry.findtext('Ccy'), entry.find('CcyNm')
        if not code or code in NOT_MONEY or name.get('IsFund') or code in rows:
            continue
        if not re.fullmatch('[0-9]', entry.findtext('CcyMnrUnts')):  # N.A.: metals, units of account, tests
            continue
        rows[code] = (int(entry.findtext('CcyNbr')), code, int(entry.findtext('CcyMnrUnts')),
                      re.sub(r'\s+', ' ', name.text.strip()), NAMES_RU.get(code) or russian[code])
    for code, row in AMENDED.items():
        rows.pop(code, None)
        if row:
            rows[code] = (row[0], code, row[1], row[2], row[3])
    return sorted(list(rows.values()) + EXTRA)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', help='folder with, or for, the source packages')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        rows = build(args.cache or temporary)
    assert len({r[0] for r in rows}) == len(rows) == len({r[1] for r in rows})
    with open(os.path.join(HERE, 'currency.tsv'), 'w', encoding='utf-8', newline='\n') as f:
        f.write('id\tcode\tdigits\tname_en\tname_ru\n')
        for row in rows:
            f.write('\t'.join(map(str, row)) + '\n')
    print(len(rows), 'currencies', file=sys.stderr)


if __name__ == '__main__':
    main()
