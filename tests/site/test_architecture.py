"""Data flows one way, and so do imports: medici_site wires, appointments may use treatments, never the reverse."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What each package may import from ours, beside itself.
MAY_IMPORT = {
    "treatments": set(),
    "appointments": {"treatments"},
    "medici_site": {"treatments", "appointments"},
}


def imports(file: Path):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package):
    ours = tuple(MAY_IMPORT)
    for file in (ROOT / package).rglob("*.py"):
        for name in imports(file):
            if name.split(".")[0] in ours and name.split(".")[0] != package:
                allowed = any(name == one or name.startswith(one + ".") for one in MAY_IMPORT[package])
                assert allowed, f"{file.relative_to(ROOT)} imports {name}"


def test_no_file_loads_anything_from_another_host():
    for file in [
        *(ROOT / "templates").rglob("*.*"),
        *(ROOT / "static").rglob("*.css"),
        *(ROOT / "static").rglob("*.js"),
    ]:
        text = file.read_text()
        for sign in ('src="http', "url(http", 'url("http', "@import", "//cdn", 'src="//', "integrity="):
            assert sign not in text, f"{file.relative_to(ROOT)} holds {sign}"


def test_templates_have_no_inline_style_or_script():
    for file in (ROOT / "templates").rglob("*.*"):
        text = file.read_text()
        # Patients' pages run no script, but for the work that replaces waiting in a flood. The admin's may name files
        # of ours; what is inline the policy refuses.
        may_name_files = "admin" in file.parts or file.name == "gate.html"
        script = "<script>" if may_name_files else "<script"
        for sign in (" style=", "<style", script, " onclick=", " onload=", "javascript:", "|safe"):
            assert sign not in text, f"{file.relative_to(ROOT)} holds {sign}"
