"""The architecture, held against the code: imports go one way, and the engine runs in a bare Python."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_goleak

PACKAGE = Path(jupyter_goleak.__file__).parent

# A module may import those before it and none after it. `__init__` stands outside: it imports on first use only.
ENGINE = (
    "errors",
    "options",
    "model",
    "events",
    "facts",
    "stack_dump",
    "probe_stream",
    "source_text",
    "modules",
    "program",
    "edits",
    "rewriting",
    "patterns",
    "explanation",
    "compiler_output",
    "go_process",
    "interrupts",
    "toolchain",
    "warming",
    "kept_output",
    "execution",
    "recording",
    "diagnosis",
    "exploration",
    "workbench",
    "reasons",
    "packages",
    "usual",
    "trials",
    "baseline",
    "repair",
    "proposal",
    "experiment",
    "exercise",
    "doctor",
    "__main__",
)
NOTEBOOK = ("settings", "view", "magic")
LAYERS = (*ENGINE, *NOTEBOOK)

# The exceptions: the command line prints a report as text, and a report asked to show or save itself asks the view. Both
# only when it comes to that, and what they import needs no notebook.
UPWARDS = {
    ("__main__", "jupyter_goleak.view.text"),
    ("__main__", "jupyter_goleak.view.words"),
    ("model", "jupyter_goleak.view.bundle"),
}

SOURCES = {path: path.relative_to(PACKAGE).with_suffix("").parts[0] for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = {path: layer for path, layer in SOURCES.items() if path != PACKAGE / "__init__.py"}


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports, at its top or later, for use or for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides its layer"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "jupyter_goleak"
                else [node.module]
            )
            yield from ((node.lineno, name) for name in names)


def layer_of(name: str) -> str | None:
    package, _, rest = name.partition(".")
    return rest.partition(".")[0] if package == "jupyter_goleak" and rest else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    layer = MODULES[path]
    assert layer in LAYERS, f"{layer} has no place among the layers"
    upwards = [
        f"{path}:{line}: {layer} imports {name}"
        for line, name in imports_of(path)
        if (other := layer_of(name)) is not None
        and LAYERS.index(other) > LAYERS.index(layer)
        and (layer, name) not in UPWARDS
    ]
    assert not upwards


@pytest.mark.parametrize(
    "path",
    [path for path, layer in MODULES.items() if layer in ENGINE],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_engine_imports_nothing_but_the_standard_library(path):
    allowed = {*sys.stdlib_module_names, "jupyter_goleak"}
    foreign = [f"{path}:{line}: {name}" for line, name in imports_of(path) if name.partition(".")[0] not in allowed]
    assert not foreign


def test_the_walk_sees_late_and_typing_imports(tmp_path):
    module = tmp_path / "late.py"
    module.write_text("def f():\n    import bokeh.models\n    from jupyter_goleak import magic\n", encoding="utf-8")
    assert list(imports_of(module)) == [(2, "bokeh.models"), (3, "jupyter_goleak.magic")]
    assert layer_of("jupyter_goleak.view.live") == "view"
    assert layer_of("jupyter_goleaks.view") is None


def test_the_engine_runs_in_a_bare_python():
    program = "import jupyter_goleak, jupyter_goleak.experiment, sys; print(jupyter_goleak.check, *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", program],
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not {"IPython", "traitlets", "ipywidgets", "bokeh", "anywidget", "numpy"} & set(done.stdout.split())


def test_the_command_line_runs_in_a_bare_python(tmp_path):
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {\n", encoding="utf-8")
    check = ["-m", "jupyter_goleak", "check", "--go", "/nowhere/go", str(tmp_path / "main.go")]
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", *check],
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "/nowhere/go" in done.stderr
    assert "Traceback" not in done.stderr


def test_loading_the_extension_imports_no_widgets_and_no_engine():
    program = "import IPython, sys; import jupyter_goleak.magic; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "jupyter_goleak.options" in loaded
    assert not {"bokeh", "ipywidgets", "anywidget", "numpy", "jupyter_goleak.experiment"} & loaded


def test_every_public_name_is_there_and_only_those():
    for name in jupyter_goleak.__all__:
        assert getattr(jupyter_goleak, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = jupyter_goleak.nonsense
