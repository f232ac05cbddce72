#!/usr/bin/env python3
"""Build patterns.txt and samples.txt: robots by their user agents.

    python3 build.py [--cache DIR]

Source, fetched with `pip download` at a pinned version and checked by SHA-256:
  crawler-user-agents 1.67.0 (MIT): patterns of user agents and samples that
      they were made for.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = 'crawler-user-agents==1.67.0'
WHEEL = 'crawler_user_agents-1.67.0-py3-none-any.whl'
SHA256 = '438880782e9689d953f850846bb7a425dd444de02be2b7c3e1bf2dd636b65d8c'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cache', default=tempfile.mkdtemp())
    folder = parser.parse_args().cache
    path = os.path.join(folder, WHEEL)
    if not os.path.exists(path):
        subprocess.run([sys.executable, '-m', 'pip', 'download', '--no-deps', '--dest', folder, PACKAGE],
                       check=True)
    with open(path, 'rb') as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != SHA256:
        sys.exit(f'{WHEEL} has SHA-256 {found}, expected {SHA256}')
    with zipfile.ZipFile(path) as wheel:
        rows = json.loads(wheel.read('crawleruseragents/crawler-user-agents.json'))
        licence = next(name for name in wheel.namelist() if name.endswith('licenses/LICENSE'))
        write('LICENSE', wheel.read(licence).decode().rstrip() + '\n')
    samples = sorted({line for row in rows for line in row.get('instances', []) if '\n' not in line})
    write('patterns.txt', ''.join(row['pattern'] + '\n' for row in rows))
    write('samples.txt', ''.join(line + '\n' for line in samples))


def write(name, text):
    with open(os.path.join(HERE, name), 'w', encoding='utf-8') as file:
        file.write(text)


main()
