"""script/floors and script/gen-migrations: a breach of each rule is found, named and placed."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = 'base:\ntext: base\nmemory: base text\n'


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write('src/floors.txt', FLOORS)
        self.write('script/floors-exceptions', '')
        for name in ('floors', 'gen-migrations'):
            self.write(f'script/{name}', (ROOT / 'script' / name).read_text(encoding='utf-8'))

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def run_script(self, name, *args):
        done = subprocess.run([sys.executable, self.root / 'script' / name, *args], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout


class Floors(Tree):
    def check(self):
        return self.run_script('floors', 'check')

    def test_downward_include_is_fine(self):
        self.write('src/memory/log.c', '#include "text/json.h"\n#include "memory/log.h"\n#include <stdio.h>\n')
        self.assertEqual(self.check(), (0, ''))

    def test_upward_include(self):
        self.write('src/text/json.c', '\n#include "memory/log.h"\n')
        code, text = self.check()
        self.assertEqual(code, 1)
        self.assertIn('src/text/json.c:2: text may not include memory', text)

    def test_include_without_folder(self):
        self.write('src/text/json.c', '#include "json.h"\n')
        code, text = self.check()
        self.assertEqual(code, 1)
        self.assertIn('write "text/json.h"', text)

    def test_folder_without_line(self):
        self.write('src/stray/x.c', '')
        code, text = self.check()
        self.assertEqual(code, 1)
        self.assertIn('folder stray has no line', text)

    def test_grants_are_closed_downwards(self):
        self.write('src/floors.txt', 'base:\ntext: base\nmemory: text\n')
        code, text = self.check()
        self.assertEqual(code, 1)
        self.assertIn('src/floors.txt:3: memory is granted text, which stands on base', text)

    def test_grant_of_a_higher_folder(self):
        self.write('src/floors.txt', 'base: text\ntext:\n')
        code, text = self.check()
        self.assertEqual(code, 1)
        self.assertIn('not listed above it', text)

    def function(self, lines):
        return 'static int long_one(int a,\n                    int b)\n{\n' + '    a += b;\n' * (lines - 4) + '}\n'

    def test_eighty_lines_pass_and_one_more_does_not(self):
        self.write('src/base/a.c', self.function(80))
        self.assertEqual(self.check(), (0, ''))
        self.write('src/base/a.c', '\n' + self.function(81))
        code, text = self.check()
        self.assertEqual(code, 1)
        self.assertIn('src/base/a.c:2: long_one has 81 lines', text)

    def test_exception_is_honoured_and_must_be_needed(self):
        self.write('script/floors-exceptions', 'base/a.c:long_one  a bytecode loop\n')
        self.write('src/base/a.c', self.function(200))
        self.assertEqual(self.check(), (0, ''))
        self.write('src/base/a.c', self.function(20))
        self.assertEqual(self.check()[0], 1)

    def test_tables_are_not_functions(self):
        self.write('src/base/a.c', 'static const int all[] = {\n' + '    1,\n' * 200 + '};\n')
        self.assertEqual(self.check(), (0, ''))

    def test_header_that_leans_on_another(self):
        self.write('src/base/a.h', 'size_t a(void);\n')
        code, text = self.run_script('floors', 'headers', 'cc', f'-I{self.root}/src')
        self.assertEqual(code, 1)
        self.assertIn('src/base/a.h:1: does not compile alone', text)
        self.write('src/base/a.h', '#include <stddef.h>\nsize_t a(void);\n')
        self.assertEqual(self.run_script('floors', 'headers', 'cc', f'-I{self.root}/src'), (0, ''))

    def test_list_sorts_files_by_their_part(self):
        for name in ('a.c', 'a_test.c', 'a_fuzz.c', 'a_bench.c', 'a_testing.c', 'b.cc'):
            self.write(f'src/text/{name}', '')
        self.assertIn('text|base|src/text/a.c,src/text/b.cc|src/text/a_test.c|src/text/a_fuzz.c|'
                      'src/text/a_bench.c|src/text/a_testing.c\n', self.run_script('floors', 'list')[1])


class Migrations(Tree):
    def test_numbers_run_over_all_folders(self):
        self.write('src/memory/migrations/0001-log.sql', "CREATE TABLE t (a TEXT DEFAULT '\"\\');\n")
        self.write('src/text/migrations/0002-words.sql', 'SELECT 1;\n')
        out = self.root / 'out.c'
        self.assertEqual(self.run_script('gen-migrations', 'write', str(out)), (0, ''))
        text = out.read_text(encoding='utf-8')
        self.assertIn('{ 1, "log",', text)
        self.assertIn('''DEFAULT '\\"\\\\');\\n"''', text)
        self.assertIn('migrations_count = 2', text)

    def test_gap_twin_and_bad_name(self):
        self.write('src/memory/migrations/0001-log.sql', '')
        for name, why in (('0003-late', '0002 is missing'), ('0001-twin', 'is taken by'), ('2-x', 'not a migration name')):
            with self.subTest(name):
                self.write(f'src/text/migrations/{name}.sql', '')
                code, text = self.run_script('gen-migrations', 'check')
                self.assertEqual(code, 1)
                self.assertIn(why, text)
                (self.root / f'src/text/migrations/{name}.sql').unlink()


if __name__ == '__main__':
    unittest.main()
