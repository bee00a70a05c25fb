"""The command `stabilitylab`: finds its subcommands, and turns errors and Ctrl-C into a message and an exit code.

Exit codes: 0 done, 1 a finding was refuted or a threshold missed, 2 bad use or bad input, 130 interrupted.
"""

import ast
import errno
import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import click

from stabilitylab import cli
from stabilitylab.cli.exits import BAD_INPUT, INTERRUPTED, kept, written_to
from stabilitylab.cli.options import in_options
from stabilitylab.core.errors import DuplicateNameError, StabilityLabError
from stabilitylab.core.printable import one_line
from stabilitylab.core.suggest import did_you_mean

_SPACE = ": make room there, or write elsewhere"
FULL = {errno.ENOSPC: _SPACE, errno.EDQUOT: _SPACE, errno.EROFS: ": write elsewhere"}
"""The way out of an error of the system, by its number."""


def commands() -> dict[str, click.Command]:
    """The subcommands by name: every click command that a module of this package holds, groups apart.

    A module that cannot be imported is left out, and named by `broken`. Raises DuplicateNameError where two commands
    have one name.
    """
    by_name: dict[str, click.Command] = {}
    for module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
        for command in _held_by(module.name):
            name = command.name or ""
            if by_name.setdefault(name, command) is not command:
                raise DuplicateNameError(f"two commands are named {name!r}, one of them in {module.name}: rename it")
    return dict(sorted(by_name.items()))


def command(name: str) -> click.Command | None:
    """The subcommand of that name: of the module of that name, where it has one, without importing the others."""
    of_its_name = (one for one in _held_by(f"{cli.__name__}.{name}") if one.name == name)
    return next(of_its_name, None) or commands().get(name)


def outline() -> dict[str, str]:
    """The subcommands by name, each with its docstring, read off the sources: to import them all takes a second.

    A module without a source is imported, and one that cannot be parsed is left out.
    """
    by_name: dict[str, str] = {}
    for module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
        source = _source(module)
        if source is None:
            by_name |= {command.name or "": command.help or "" for command in _held_by(module.name)}
            continue
        with suppress(SyntaxError):
            by_name |= dict(_declared(ast.parse(source)))
    return dict(sorted(by_name.items()))


def _source(module: pkgutil.ModuleInfo) -> str | None:
    spec = module.module_finder.find_spec(module.name, None)
    get_source = getattr(spec and spec.loader, "get_source", None)
    return None if get_source is None else get_source(module.name)


def _declared(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, docstring) of each function under @click.command(...); its first argument, if any, is the name."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "click.command":
                name = ast.literal_eval(call.args[0]) if call.args else node.name.replace("_", "-")
                yield name, ast.get_docstring(node) or ""


def _held_by(module: str) -> list[click.Command]:
    """The commands that a module holds, groups apart; none where it cannot be imported."""
    try:
        held = vars(importlib.import_module(module)).values()
    except (Exception, SystemExit):
        return []
    return [one for one in held if isinstance(one, click.Command) and not isinstance(one, click.Group)]


def broken() -> dict[str, str]:
    """The modules of this package that cannot be imported: name -> what happens, where, and the way out."""
    from stabilitylab.core.catalog import import_failure

    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
        try:
            importlib.import_module(module.name)
        except (Exception, SystemExit) as error:
            found[module.name] = import_failure(error)
    return found


class CommandGroup(click.Group):
    """The group of all subcommands, and the only place where a failure becomes a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return list(commands())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The names with the first sentences of their docstrings, without importing them."""
        shown = outline()
        room = formatter.width - 6 - max(map(len, shown), default=0)
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, click.Command(name, help=text).get_short_help_str(room)) for name, text in shown.items()]
            )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name."""
        return command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that the arguments name; an unknown one is bad use, and similar ones are named."""
        if command(args[0]) is None:
            known = self.list_commands(ctx)
            lost = "".join(f"; {module} could not be imported: {why}" for module, why in broken().items())
            ctx.fail(f"No such command {args[0]!r}: {did_you_mean(args[0], known, plural='commands')}{lost}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except StabilityLabError as error:
            self._end(
                ctx, BAD_INPUT, in_options(error, self.get_command(ctx, ctx.invoked_subcommand or "")), error.picture
            )
        except BrokenPipeError:
            raise  # whoever reads the output has seen enough: no message, which click sees to
        except OSError as error:
            way = FULL.get(error.errno or 0, "")
            self._end(ctx, BAD_INPUT, f"{error.filename or written_to(ctx)}: {error.strerror or error}{way}")
        except KeyboardInterrupt:
            self._end(ctx, INTERRUPTED, f"interrupted; {kept(ctx)}")

    def _end(self, ctx: click.Context, code: int, message: str, picture: str = "") -> None:
        click.echo(f"stabilitylab: {one_line(message)}{picture}", err=True)
        ctx.exit(code)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stabilitylab", prog_name="stabilitylab")
def main() -> None:
    """How many digits of a linear regression are right, where the others were lost, and which solver keeps them.

    Each command explains itself: stabilitylab COMMAND --help.

    \b
    stabilitylab diagnose houses.csv --target price   your own data: which digits are right, why, what to do
    stabilitylab lstsq houses.csv --target price      the same regression, every digit proven
    stabilitylab arbitrate houses.csv answers.csv --target price   whose coefficients are right
    stabilitylab libraries                            what the libraries that are here do to hard data
    stabilitylab run                                  every experiment, tables and figures to results/

    Exit codes: 0 done, 1 a finding is refuted or a threshold missed, 2 bad use or bad input, 130 interrupted.
    """
