#!/usr/bin/env python3
"""Every allocation of a short database life fails once, then all from there on, then some at random.

usage: alloc_fault_test.py ALLOC_FAULT.so STORE_LIFE
Expected each time: exit 0, or 1 with a sentence; and every number acknowledged so far is there.
"""
import os
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
        known = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'numbers'").fetchone()[0]
        numbers = {n for n, in db.execute('SELECT n FROM numbers')} if known else set()
    db.close()
    return numbers


def main(preload, program):
    refused = 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as root:
        folder = Path(root)
        _, calls, _, code = life(preload, program, folder, 'every:1000000000')
        if code or calls < 50:
            raise Flaw(f'without failures: exit {code}, {calls} allocations')
        acked = set(stored(folder))
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
