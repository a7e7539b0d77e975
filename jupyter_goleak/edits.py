"""What sets one text of a program apart from another: unified diffs, and the edit that is a single line. Pure."""

from __future__ import annotations

import difflib

from jupyter_goleak.program import Program


def unified_diff(before: Program, after: Program) -> str:
    """The unified diff of all files that both programs have, the main ones first, whatever their names; with the line ends
    of the files that it is to be applied to."""
    names = sorted((file.name for file in before.files), key=lambda name: (name != before.main, name))
    new = {file.name: file.text for file in after.files} | {before.main: after.source}
    files = (before.file(name) for name in names if name in new)
    return "".join(
        text_diff(file.with_its_line_ends(file.text), file.with_its_line_ends(new[file.name]), file.name)
        for file in files
    )


def text_diff(before: str, after: str, name: str) -> str:
    """The unified diff of one file."""
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"{name} (original)",
            f"{name} (fixed)",
        )
    )


def single_edit(before: Program, after: Program) -> tuple[str, int, str]:
    """File, line and code of an edit that is one line; "", 0 and "" for a larger one."""
    new = {file.name: file.text for file in after.files} | {before.main: after.source}
    changed = [file for file in before.files if new.get(file.name, file.text) != file.text]
    if len(changed) != 1:
        return "", 0, ""
    name, lines = changed[0].name, new[changed[0].name].splitlines()
    matcher = difflib.SequenceMatcher(None, changed[0].text.splitlines(), lines, autojunk=False)
    edits = [opcode for opcode in matcher.get_opcodes() if opcode[0] != "equal"]
    if len(edits) != 1 or edits[0][4] - edits[0][3] != 1:
        return "", 0, ""
    start = edits[0][3]
    return name, start + 1, lines[start].strip()
