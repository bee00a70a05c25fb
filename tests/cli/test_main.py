"""The group finds commands in files, and turns errors and Ctrl-C into a message and an exit code."""

import errno
import importlib
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from planted import experiment
from stabilitylab import cli
from stabilitylab.cli import exits
from stabilitylab.cli import main as group
from stabilitylab.cli.main import broken, command, commands, main, outline
from stabilitylab.cli.options import in_options
from stabilitylab.core.errors import Argument, DuplicateNameError, InputError

PLANTED = '''
import click


@click.command("{name}")
def command():
    """Does nothing, for a test."""
    click.echo("done")
'''


def called(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


# --- one file a command


def planted(monkeypatch, folder, file, name):
    (folder / f"{file}.py").write_text(PLANTED.format(name=name), "utf-8")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(folder)])


def test_every_file_of_the_room_that_holds_a_command_is_one():
    assert set(commands()) >= {"compare", "doctor", "libraries", "list", "lstsq", "run"}
    assert all(command.callback.__module__.partition("cli.")[2] == name for name, command in commands().items())
    assert "main" not in commands()


def test_the_outline_read_off_the_sources_is_that_of_the_commands():
    assert outline() == {name: inspect.cleandoc(command.help) for name, command in commands().items()}


def test_a_module_without_a_source_is_imported_for_the_outline(monkeypatch, tmp_path):
    planted(monkeypatch, tmp_path, "planted_four", "a-fourth")
    monkeypatch.setattr(group, "_source", lambda module: None if module.name.endswith("four") else "")
    assert outline() == {"a-fourth": "Does nothing, for a test."}


def test_a_new_file_is_a_new_command(monkeypatch, tmp_path):
    assert "a-new-one" not in commands()
    planted(monkeypatch, tmp_path, "planted_one", "a-new-one")
    assert called("a-new-one").stdout == "done\n"
    assert "a-new-one  Does nothing, for a test." in called("--help").stdout


def test_a_command_that_cannot_be_imported_is_named_and_the_others_are_there(monkeypatch, tmp_path):
    assert broken() == {}
    (tmp_path / "planted_three.py").write_text("import a_library_nobody_has\n")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    assert set(commands()) >= {"list", "run"}
    said = called("planted-three", code=2).stderr
    assert "stabilitylab.cli.planted_three could not be imported: ModuleNotFoundError: " in said
    assert "install a_library_nobody_has" in said


def test_a_command_is_found_without_importing_the_others(monkeypatch):
    imported = []
    load = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", lambda name: imported.append(name) or load(name))
    for name in ("list", "compare"):
        assert command(name) is commands()[name]
        imported.clear()
        assert command(name).name == name
        assert imported == [f"stabilitylab.cli.{name}"]
    assert command("lists") is command("main") is command(".list") is None


def test_two_commands_of_one_name_are_refused(monkeypatch, tmp_path):
    planted(monkeypatch, tmp_path, "planted_two", "doctor")
    with pytest.raises(DuplicateNameError, match=r"two commands are named 'doctor', one of them in .*planted_two"):
        commands()


# --- how commands end


def replaced(monkeypatch, body):
    """The group with one command, `planted`, that does what is said; --truth and --columns are its options."""

    @click.command("planted")
    @click.option("--truth")
    @click.option("--columns")
    def command(**_):
        body()

    monkeypatch.setattr(group, "commands", lambda: {"planted": command})
    return command


def raising(error):
    def body():
        raise error

    return body


def keeping(what):
    def body():
        exits.keeps(what)
        raise KeyboardInterrupt

    return body


ENDINGS = {
    "nothing happens": (lambda: None, 0, ""),
    "a finding is refuted": (exits.fail, 1, ""),
    "bad input": (raising(InputError("ask: ", Argument("truth", "a"))), 2, "stabilitylab: ask: --truth a\n"),
    "no such file": (raising(FileNotFoundError(2, "not there", "x.csv")), 2, "stabilitylab: x.csv: not there\n"),
    "an interruption": (raising(KeyboardInterrupt), 130, "stabilitylab: interrupted; nothing was written\n"),
    "an interruption that keeps": (keeping("all is kept"), 130, "stabilitylab: interrupted; all is kept\n"),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDINGS)
def test_each_ending_has_its_exit_code_and_its_message(monkeypatch, how):
    body, code, says = ENDINGS[how]
    replaced(monkeypatch, body)
    result = called("planted", code=code)
    assert (result.stdout, result.stderr) == ("", says)


def test_a_reader_that_has_seen_enough_gets_no_message(monkeypatch):
    replaced(monkeypatch, raising(BrokenPipeError(32, "Broken pipe")))
    assert called("planted", code=1).stderr == ""


def test_an_error_of_this_package_s_own_making_is_not_hidden(monkeypatch):
    replaced(monkeypatch, raising(ZeroDivisionError("a bug")))
    assert isinstance(called("planted", code=1).exception, ZeroDivisionError)


def interrupted(*_, **__):
    raise KeyboardInterrupt


INTERRUPTIONS = {
    "run": (
        ("run.run_experiments", "run", "--from", "experiments"),
        "finished rows are kept, and the same command goes on from them",
    ),
    "list": (("list.find", "list", "--from", "experiments"), "nothing was written"),
    "compare": (("compare.compare_results", "compare", ".", "."), "nothing was written"),
    "doctor": (("doctor.self_tests.examine", "doctor"), "nothing was written"),
    "libraries": (("libraries.measured", "libraries"), "nothing was written"),
    "libraries against": (("libraries.steps", "libraries", "--against", "numpy==2.0"), "nothing was written"),
    "lstsq": (("lstsq.truth_of_file", "lstsq", "data.csv", "--target", "y"), "nothing was written"),
}


@pytest.mark.parametrize("how", INTERRUPTIONS)
def test_an_interruption_of_each_command_says_what_is_left(monkeypatch, tmp_path, how):
    (place, *arguments), left = INTERRUPTIONS[how]
    experiment(tmp_path / "experiments")
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(f"stabilitylab.cli.{place}", interrupted)
    result = called(*arguments, code=130)
    assert (result.stdout, result.stderr) == ("", f"stabilitylab: interrupted; {left}\n")


# --- messages in the syntax of options


@pytest.mark.parametrize(
    ("parts", "python", "shown"),
    [
        (["ask for ", Argument("truth", "matrix")], "ask for truth='matrix'", "ask for --truth matrix"),
        (["say ", Argument("truth", ",")], "say truth=','", "say --truth ','"),
        ([Argument("truth", "it's")], 'truth="it\'s"', "--truth 'it'\"'\"'s'"),
        ([Argument("columns", ("a", "b c")), ": all"], "columns=['a', 'b c']: all", "--columns 'a,b c': all"),
        ([Argument("columns", ("a,b", "c"))], "columns=['a,b', 'c']", "--columns '\"a,b\",c'"),
        ([Argument("other", "x")], "other='x'", "other='x'"),
        (["a column named truth='matrix' is a text"], *["a column named truth='matrix' is a text"] * 2),
    ],
)
def test_arguments_that_are_options_are_written_as_options(monkeypatch, parts, python, shown):
    error = InputError(*parts)
    assert str(error) == python
    assert in_options(error, replaced(monkeypatch, None)) == shown
    assert in_options(error, None) == python
    assert str(pickle.loads(pickle.dumps(error))) == python


def test_a_message_is_one_line_whatever_a_file_is_called(monkeypatch):
    replaced(monkeypatch, raising(InputError("a\x1b[31m\nb: no")))
    assert called("planted", code=2).stderr == "stabilitylab: a\\x1b[31m\\nb: no\n"


@pytest.mark.parametrize("writes", [None, "results"])
def test_a_full_disk_is_named(monkeypatch, writes):
    def body():
        if writes:
            exits.writes(writes)
        raise OSError(errno.ENOSPC, "No space left on device")

    replaced(monkeypatch, body)
    said = (
        f"stabilitylab: {writes or 'standard output'}: No space left on device: make room there, or write elsewhere\n"
    )
    assert called("planted", code=2).stderr == said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_standard_output_on_a_full_disk_is_bad_use():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "stabilitylab", "list"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("stabilitylab: standard output: No space left on device: make room there")


def test_a_run_on_a_full_disk_names_the_folder_it_writes_to(monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    experiment(tmp_path / "experiments")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stabilitylab.cli.run.run_experiments", full)
    assert called("run", "--out", "there", code=2).stderr.startswith("stabilitylab: there: No space left on device")
