"""Cells, files, folders and archives as programs: what form they have, which lines they keep, what is no program."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.edits import unified_diff
from jupyter_goleak.errors import UsageError
from jupyter_goleak.program import Program, SourceFile, parse_program, read_program
from jupyter_goleak.source_text import MAX_BYTES

FILE = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hi")\n}\n'
TEST = "package main\n\nfunc TestPing(t *testing.T) {\n}\n"
SNIPPET = 'fmt.Println("hi")\n'
ARCHIVE = """\
A story.
-- go.mod --
module example.com/shop

go 1.23
-- main.go --
package main

func main() {}
-- store/store.go --
package store
"""


@pytest.mark.parametrize(
    ("text", "form", "name"),
    [
        (FILE, "file", "main.go"),
        (f"// A comment.\n\n/* package\n   other */ {FILE}", "file", "main.go"),
        (f"//go:build linux\n\n{FILE}", "file", "main.go"),
        (SNIPPET, "snippet", "main.go"),
        ("// package main\nx := `\npackage main\n`\n_ = x\n", "snippet", "main.go"),
        ("func main() {\n}\n", "snippet", "main.go"),
        (TEST, "test", "main_test.go"),
        ("func TestPing(t *testing.T) {\n}\n", "test", "main_test.go"),
        ("package a\n\nfunc ExampleA() {\n\t// Output: 1\n}\n", "test", "main_test.go"),
        ("package a\n\nfunc ExampleA() {\n\t// no words\n}\n", "file", "main.go"),
        ('"no comment" // but this\n', "snippet", "main.go"),
        ("import \"testing\"\n\nfunc FuzzParse(f *testing.F) {\n}\n", "test", "main_test.go"),
        (f"{FILE}\nfunc TestNothing(t *testing.T) {{}}\n", "file", "main.go"),
        ('package main\n\nvar s = "func TestPing(t *testing.T) {"\n\nfunc main() {}\n', "file", "main.go"),
        ("package main\n\n/*\nfunc TestPing(t *testing.T) {\n*/\nfunc main() {}\n", "file", "main.go"),
        (ARCHIVE, "txtar", "main.go"),
    ],
)  # fmt: skip
def test_the_form_of_a_text(text: str, form: str, name: str) -> None:
    program = parse_program(text)
    assert (program.form, program.main) == (form, name)
    assert program.directory is None


def test_a_text_keeps_its_lines_and_loses_mark_and_carriage_returns() -> None:
    program = parse_program("\ufeffpackage main\r\n\r\nfunc main() {\r\n\tprintln(1)\r\n}\r\n")
    assert program.source == "package main\n\nfunc main() {\n\tprintln(1)\n}\n"
    assert parse_program(FILE.encode()).source == FILE


@given(
    st.lists(st.sampled_from(["x := 1", "", "\ty()", "// note", "日本語()", "/* a */"]), min_size=1, max_size=20),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_line_stays_where_it_was(lines: list[str], end: str) -> None:
    text = "z()" + end + end.join(lines)
    assert parse_program("\ufeff" + text).source.split("\n") == ["z()", *lines]


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("", "empty", None),
        ("\ufeff\n", "empty", None),
        ("// only\n/* comments */\n", "comments", None),
        ("// a\n/* no end\nx()\n", "comment that begins in line 2 never ends", 2),
        ("\n```go\npackage main\n```\n", "Markdown fence", 2),
        ("package main\n\n\x00", "0x00", 3),
        ("a()\nb(\"\ufeff\")", "byte order mark", 2),
        ("\ufeff\ufeffa()", "byte order mark", 1),
        (b"package main\n\xff\xfe", "0xff", 2),
        (b"\x7fELF\x02\x01\x01\x00\x00", "0x00", 1),
        ("x()\n\ud800", "surrogate", 2),
        ("x" * (MAX_BYTES + 1), "too large", None),
        ("-- notes.txt --\nhello\n", "no Go file", None),
        ("-- a.go --\npackage main\n-- a.go --\n", "twice", 3),
        ("-- ./a.go --\npackage main\n-- a.go --\n", "twice", 3),
        ("-- a.go --\npackage main\n-- a.go/b.go --\npackage b\n", "a.go as a file, and as a folder in line 3", 3),
        ("-- a.go/b.go --\npackage b\n-- a.go --\npackage main\n", "a.go as a file, and as a folder in line 1", 1),
        ("package main\n-- main.go/b.go --\n", "main.go as a file, and as a folder in line 2", 2),
        ("-- ../a.go --\npackage main\n", "leaves", 1),
        ("-- /etc/a.go --\npackage main\n", "leaves", 1),
        ("-- main.go --\npackage main\n-- a/../../b.go --\n", "leaves", 3),
        ("-- C:\\a.go --\npackage main\n", "leaves", 1),
        ("-- a\\..\\..\\b.go --\npackage main\n", "leaves", 1),
        ("-- . --\npackage main\n", "leaves", 1),
    ],
)  # fmt: skip
def test_what_is_no_program_is_said_in_one_sentence(text: str | bytes, said: str, line: int | None) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_program(text)
    assert "\n" not in str(caught.value)
    assert caught.value.line == line


def test_other_control_characters_are_left_to_the_compiler() -> None:
    text = 'package main\n\nfunc main() { print("\x1b[31mred\x1b[0m\x07\x7f") }\n'
    assert parse_program(text).source == text


def test_files_of_an_archive_may_begin_with_a_byte_order_mark() -> None:
    program = parse_program("-- main.go --\n\ufeffpackage main\n-- data.csv --\n\ufeffa,b\n")
    assert [file.text for file in program.files] == ["package main\n", "\ufeffa,b\n"]


@given(st.one_of(st.text(), st.binary(), st.text(alphabet="-/*`\"'\\\n package main.go{}")))
def test_any_text_is_a_program_or_a_usage_error(text: str | bytes) -> None:
    try:
        program = parse_program(text)
    except UsageError:
        return
    assert program.file(program.main).text == program.source
    assert "\r" not in program.source


def test_an_archive_tells_where_each_file_begins() -> None:
    program = parse_program(ARCHIVE)
    assert [(file.name, file.first_line) for file in program.files] == [
        ("go.mod", 3),
        ("main.go", 7),
        ("store/store.go", 11),
    ]
    lines = ARCHIVE.split("\n")
    for file in program.files:
        assert file.text.split("\n")[0] == lines[file.first_line - 1]
    assert program.module is not None
    assert program.module.text == "module example.com/shop\n\ngo 1.23\n"
    assert program.file("store/store.go").package == "store"


def test_go_before_the_first_file_of_an_archive_is_a_file_too() -> None:
    program = parse_program("package main\n\nfunc main() {}\n-- helper.go --\npackage main\n")
    assert [(file.name, file.first_line) for file in program.files] == [("main.go", 1), ("helper.go", 5)]
    program = parse_program("package main\n-- main.go --\npackage main\n\nfunc main() {}\n")
    assert ([file.name for file in program.files], program.main) == (["prog.go", "main.go"], "main.go")


@pytest.mark.parametrize("text", [ARCHIVE, FILE + ARCHIVE.removeprefix("A story.\n"), FILE, SNIPPET])
def test_a_program_gives_back_the_text_that_it_was_read_from(text: str) -> None:
    program = parse_program(text)
    assert program.text == text
    assert program.with_text("package main\n").text == text.replace(program.source, "package main\n")
    crlf = parse_program(text.replace("\n", "\r\n"))
    assert crlf.text == text.replace("\n", "\r\n")
    assert [(file.name, file.text) for file in crlf.files] == [
        (file.name, file.text if file.is_go else file.text.replace("\n", "\r\n")) for file in program.files
    ]
    assert (
        unified_diff(crlf, crlf.with_text("package main\n")).splitlines()
        == unified_diff(program, program.with_text("package main\n")).splitlines()
    )


def test_what_is_not_go_stands_in_an_archive_as_it_came() -> None:
    text = b"\xef\xbb\xbf-- a.txt --\none\r\ntwo\rthree\n\n-- main.go --\r\npackage main\r\n-- b.txt --\nno end"
    program = parse_program(text)
    assert [(file.name, file.text) for file in program.files] == [
        ("a.txt", "one\r\ntwo\rthree\n\n"),
        ("main.go", "package main\n"),
        ("b.txt", "no end"),
    ]
    assert parse_program(text.decode()).files == program.files


def test_an_edit_keeps_the_line_ends_of_the_file_it_is_for() -> None:
    before = parse_program("package main\r\n\r\nfunc main() {}\r\n")
    diff = unified_diff(before, before.with_text("package main\n\nfunc main() { run() }\n"))
    assert [line for line in diff.splitlines(keepends=True) if not line.startswith(("---", "+++", "@@"))] == [
        " package main\r\n",
        " \r\n",
        "-func main() {}\r\n",
        "+func main() { run() }\r\n",
    ]
    assert not parse_program("package main\r\n\nfunc main() {}\r\n").file("main.go").crlf


def test_a_marker_inside_a_raw_string_starts_no_file() -> None:
    program = parse_program("package main\n\nvar archive = `\n-- a.go --\npackage a\n`\n\nfunc main() {}\n")
    assert (program.form, len(program.files)) == ("file", 1)


@pytest.mark.parametrize(
    ("text", "main"),
    [
        ("-- a.go --\npackage main\n-- b.go --\npackage main\n\nfunc main() {}\n", "b.go"),
        ("-- lib.go --\npackage lib\n-- lib_test.go --\npackage lib\n", "lib_test.go"),
        ("-- lib/lib.go --\npackage lib\n\nfunc main() {}\n-- cmd/run/run.go --\npackage main\n\nfunc main() {}\n", "cmd/run/run.go"),
    ],
)  # fmt: skip
def test_the_main_file_is_the_one_that_runs(text: str, main: str) -> None:
    assert parse_program(text).main == main


def test_tests_run_where_there_is_nothing_else_to_run() -> None:
    assert parse_program(TEST).runs_tests
    assert parse_program("-- a.go --\npackage a\n-- a_test.go --\npackage a\n").runs_tests
    assert not parse_program("-- a.go --\npackage main\n\nfunc main() {}\n-- a_test.go --\npackage main\n").runs_tests
    assert not parse_program(FILE).runs_tests


def test_a_program_with_another_text() -> None:
    program = parse_program(ARCHIVE)
    other = program.with_text("package store // 2\n", "store/store.go")
    assert other.file("store/store.go").text == "package store // 2\n"
    assert other.source == program.source
    assert program.with_text("package main\n").source == "package main\n"
    with pytest.raises(KeyError):
        program.with_text("", "nowhere.go")


# ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────


def lay(folder: Path, **texts: str) -> None:
    """Write files; `__` in a name stands for a folder, a last `_` for the dot before `go`."""
    for name, text in texts.items():
        place = folder / (name.replace("__", "/").removesuffix("_mod") + (".mod" if name.endswith("_mod") else ".go"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def names(program: Program) -> list[str]:
    return [file.name for file in program.files]


def test_a_file_of_its_own(tmp_path: Path) -> None:
    lay(tmp_path, hello=FILE, other=FILE, lone_test=TEST, part=SNIPPET)
    program = read_program(tmp_path / "hello.go")
    assert (program.form, program.main, names(program), program.directory) == (
        "file",
        "hello.go",
        ["hello.go"],
        tmp_path,
    )
    assert read_program(str(tmp_path / "lone_test.go")).main == "lone_test.go"
    assert read_program(tmp_path / "part.go").form == "snippet"


def test_a_file_of_a_package_in_a_module_brings_the_package(tmp_path: Path) -> None:
    lay(
        tmp_path,
        go_mod="module example.com/m\n",
        main=FILE,
        helper="package main\n",
        lib__lib="package lib\n",
        lib__lib_test="package lib\n",
    )
    program = read_program(tmp_path / "main.go")
    assert (program.form, program.main, names(program)) == ("package", "main.go", ["helper.go", "main.go"])
    program = read_program(tmp_path / "lib" / "lib_test.go")
    assert (program.form, program.main, program.runs_tests) == ("package", "lib_test.go", True)


def test_of_several_programs_in_one_folder_each_stands_alone(tmp_path: Path) -> None:
    lay(tmp_path, go_mod="module example.com/m\n", first=FILE, second=FILE)
    program = read_program(tmp_path / "first.go")
    assert (program.form, names(program)) == ("file", ["first.go"])


@pytest.mark.parametrize("name", ["b\udce9.go", "b\udce9/main.go"])
def test_a_name_that_go_could_not_be_told_is_refused(name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(FILE)
    for path in {place, place.parent, tmp_path / "..."}:
        with pytest.raises(UsageError, match="is not UTF-8, which Go wants: rename it"):
            read_program(path)


def test_a_folder_is_a_package(tmp_path: Path) -> None:
    lay(
        tmp_path,
        go_mod="module example.com/m\n",
        a="package main\n",
        b=FILE,
        b_test=TEST,
        _old=FILE,
        sub__c="package sub\n",
    )
    program = read_program(tmp_path)
    assert (program.form, program.main, program.pattern, names(program)) == (
        "package",
        "b.go",
        ".",
        ["a.go", "b.go", "b_test.go"],
    )
    assert not program.runs_tests


def test_a_file_that_the_build_ignores_is_its_own_program(tmp_path: Path) -> None:
    lay(
        tmp_path,
        go_mod="module example.com/m\n",
        lib="package lib\n",
        gen=f"// Writes lib.go.\n\n//go:build ignore\n\n{FILE}",
    )
    assert names(read_program(tmp_path)) == ["lib.go"]
    assert (read_program(tmp_path / "gen.go").form, read_program(tmp_path / "lib.go").form) == ("file", "package")
    lay(tmp_path, lib="package lib\n\n/*\n//go:build ignore\n*/\nvar s = `\n//go:build ignore\n`\n")
    assert names(read_program(tmp_path)) == ["lib.go"]


def test_a_pattern_takes_the_folders_below(tmp_path: Path) -> None:
    lay(
        tmp_path,
        go_mod="module example.com/m\n",
        lib__a="package lib\n",
        lib__a_test="package lib\n",
        vendor__x__x=FILE,
        lib__testdata__t=FILE,
    )
    program = read_program(f"{tmp_path}/...")
    assert (program.form, program.pattern, names(program)) == ("package", "./...", ["lib/a.go", "lib/a_test.go"])


def test_an_archive_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.txtar"
    path.write_text(ARCHIVE, encoding="utf-8")
    assert read_program(path).form == "txtar"


def test_standard_input_is_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_program("-", FILE).source == FILE
    assert read_program(Path("-"), b"\xef\xbb\xbfx()\r\n").source == "x()\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILE.encode())))
    assert read_program("-") == parse_program(FILE)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="Standard input is closed"):
        read_program("-")


def test_a_pipe_is_read_like_standard_input() -> None:
    reader, writer = os.pipe()
    with open(reader), open(writer, "w", encoding="utf-8") as pipe:
        pipe.write(FILE)
        pipe.close()
        assert read_program(f"/dev/fd/{reader}") == parse_program(FILE)


def test_a_descriptor_is_read_like_standard_input_where_a_file_stands_behind_it(tmp_path: Path) -> None:
    lay(tmp_path, go_mod="module example.com/m\n", main=FILE, other="package main\n")
    with (tmp_path / "main.go").open() as file:
        assert read_program(f"/dev/fd/{file.fileno()}") == parse_program(FILE)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lay(tmp_path, deep__down__a=FILE)
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    (tmp_path / "big.go").write_bytes(b" " * (MAX_BYTES + 1))
    for path, said in [
        ("nowhere.go", "no file or folder"),
        ("nowhere/...", "no folder"),
        ("empty", "no Go file"),
        ("empty/...", "no Go file under"),
        ("deep", r"deep/\.\.\."),
        ("notes.md", "neither"),
        ("big.go", "too large"),
        ("x" * 256, "cannot be read: File name too long"),
    ]:
        with pytest.raises(UsageError, match=said):
            read_program(tmp_path / path)
    with pytest.raises(UsageError, match="There is no file or folder ~nobody-of-that-name/x"):
        read_program("~nobody-of-that-name/x")


def test_files_know_what_they_are() -> None:
    file = SourceFile("a_test.go", TEST)
    assert (file.is_go, file.is_test, file.package, file.has_main) == (True, True, "main", False)
    assert SourceFile("go.mod", "module m\n").is_go is False
    assert SourceFile("a.go", "x()\n").package is None
    assert SourceFile("a.go", FILE).has_main
