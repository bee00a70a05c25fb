"""What is imported, and when: a program that fits a table, or asks for help, loads no catalogue and no library."""

import ast
import importlib
import json
import subprocess
import sys
from contextlib import suppress

import pytest

import stabilitylab as sl
from paths import ROOT

LOADED = """
import json, sys
HEAVY = {"numpy", "flint", "scipy", "mpmath", "joblib", "psutil", "matplotlib", "jinja2", "rich"}
def loaded():
    return sorted(name for name in sys.modules if name.split(".")[0] in {"stabilitylab", *HEAVY})
import stabilitylab as sl
seen = {"import": loaded()}
from click.testing import CliRunner
from stabilitylab.cli.main import main
for name, arguments in json.loads(sys.argv[1]):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    seen[name] = loaded()
sl.metrics.names()
sl.libraries.names()
seen["libraries"] = loaded()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The modules that are there after an import, and after each of some commands in the same process."""
    table = tmp_path_factory.mktemp("start") / "small.csv"
    table.write_text("x,y\n1,2\n2,4.1\n3,5.9\n4,8.2\n")
    commands = [
        ("help", ["--help"]),
        ("help of lstsq", ["lstsq", "--help"]),
        ("lstsq", ["lstsq", str(table), "--target", "y"]),
    ]
    command = [sys.executable, "-c", LOADED, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: set(modules) for name, modules in json.loads(done.stdout).items()}


def rooms(modules):
    """The folders of this package among some modules, and the other packages."""
    return {name.split(".")[1] if name.startswith("stabilitylab.") else name.split(".")[0] for name in modules}


def test_importing_the_package_imports_nothing_but_errors_and_the_mode_of_the_processor(loaded):
    assert rooms(loaded["import"]) == {"stabilitylab", "core"}
    assert len(loaded["import"]) <= 6


def test_help_imports_no_command_and_that_of_a_command_no_engine(loaded):
    assert rooms(loaded["help"]) == {"stabilitylab", "core", "cli"}
    assert not {name for name in loaded["help"] if name.startswith("stabilitylab.cli.lstsq")}
    assert rooms(loaded["help of lstsq"]) <= {"stabilitylab", "core", "cli", "data", "numpy"}


def test_a_fit_of_a_small_file_imports_the_engine_alone(loaded):
    assert rooms(loaded["lstsq"]) <= {"stabilitylab", "core", "cli", "data", "exact", "numpy", "flint"}
    assert "numpy.ma" not in loaded["lstsq"]
    assert "stabilitylab.exact.fit_file" in loaded["lstsq"]


def test_a_catalogue_is_imported_when_it_is_used(loaded):
    assert "libraries" in rooms(loaded["libraries"])


# --- the public names


def declared():
    """The public names that type checkers see: name -> (module, name there)."""
    tree = ast.parse((ROOT / "stabilitylab" / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {one.asname or one.name: (node.module, one.name) for node in block.body for one in node.names}


def test_every_public_name_is_what_type_checkers_take_it_for():
    assert set(declared()) == set(sl.__all__)
    for name, (module, there) in declared().items():
        with suppress(ModuleNotFoundError):  # where it is no module
            importlib.import_module(f"{module}.{there}")
        assert getattr(sl, name) is getattr(importlib.import_module(module), there), name


def test_dir_is_complete_and_what_is_not_there_is_no_attribute():
    assert set(sl.__all__) <= set(dir(sl))
    assert sl.exact.lstsq is sl.lstsq
    for name in ("lstsqq", "__main__", "__wrapped__"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(sl, name)
