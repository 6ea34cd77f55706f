#!/usr/bin/env python3
"""Every allocation of a short life fails once, then all from there on, then some at random.

usage: alloc_fault_test.py ALLOC_FAULT.so STORE_LIFE|LOG_LIFE
Expected each time: exit 0, or 1 with a sentence; and every number acknowledged so far is there.
"""
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path


class Flaw(Exception):
    pass


def life(preload, program, folder, spec):
    """(acknowledged numbers, calls, failed calls, complaint) of one run; Flaw when it ends badly."""
    report = folder / 'report'
    env = dict(os.environ, LD_PRELOAD=preload, TENDERO_ALLOC_FAIL=spec, TENDERO_ALLOC_REPORT=str(report))
    run = subprocess.run([program, str(folder / 'db')], env=env, capture_output=True, text=True)
    # simdjson ends the process when memory fails before main, where nothing can be lost (text/json_check.cc).
    if run.returncode == -6 and 'terminate called' in run.stderr and not run.stdout:
        return [], 1, 1, 1
    if run.returncode not in (0, 1):
        raise Flaw(f'{spec}: exit code {run.returncode}: {run.stderr.strip()}')
    if run.returncode == 1 and not run.stderr.strip():
        raise Flaw(f'{spec}: refused without a word')
    calls, fired = map(int, report.read_text().split())
    report.unlink()
    return [int(n) for n in run.stdout.split()], calls, fired, run.returncode


def stored(folder):
    path = folder / 'db' / 'tendero.db'
    if not path.exists():
        return set()
    with sqlite3.connect(path) as db:
        if db.execute('PRAGMA integrity_check').fetchone() != ('ok',):
            raise Flaw('the database is not sound')
        tables = [t for t, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        numbers = [n for t in tables if t == 'numbers' for n, in db.execute('SELECT n FROM numbers')]
        for table in (t for t in tables if re.fullmatch(r'facts_\d+', t)):
            numbers += [int(n) for n, in db.execute(f"SELECT message_id FROM {table} WHERE message_id <> ''")]
    db.close()
    if len(numbers) != len(set(numbers)):
        raise Flaw('a number is there twice')
    return set(numbers)


def main(preload, program):
    refused = 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as root:
        folder = Path(root)
        _, calls, _, code = life(preload, program, folder, 'every:1000000000')
        if code or calls < 50:
            raise Flaw(f'without failures: exit {code}, {calls} allocations')
        acked = set(stored(folder))
        empty = folder / 'empty'
        for k in range(1, 30):  # a life from nothing: the tables are made
            empty.mkdir()
            life(preload, program, empty, f'{k * calls // 30}')
            stored(empty)
            shutil.rmtree(empty)
        # The start of a life, where our own allocations are, call by call; then with growing steps.
        ks = list(range(1, 120)) + list(range(120, calls, max(1, calls // 120)))
        specs = [s for k in ks for s in (f'{k}', f'{k}-')] + [f'every:{n}:{n}' for n in range(2, 300, 9)]
        for spec in specs:
            numbers, _, fired, code = life(preload, program, folder, spec)
            refused += code
            acked |= set(numbers)
            if code and not fired:
                raise Flaw(f'{spec}: refused, though nothing failed')
            missing = acked - stored(folder)
            if missing:
                raise Flaw(f'{spec}: acknowledged and lost: {sorted(missing)}')
        numbers, _, _, code = life(preload, program, folder, 'every:1000000000')
        if code or not numbers:
            raise Flaw('the service does not resume')
    if refused < 50:
        raise Flaw(f'only {refused} runs met a failure')
    print(f'{len(specs)} runs, {refused} refused with a sentence, {len(acked)} numbers kept')


if __name__ == '__main__':
    try:
        main(*sys.argv[1:])
    except Flaw as flaw:
        sys.exit(f'alloc_fault_test: {flaw}')
