"""The command `stabilitylab doctor`: what is here, and whether the numbers can be trusted on this machine."""

import json

import click

from stabilitylab import libraries
from stabilitylab.cli import exits
from stabilitylab.cli.options import AS_JSON
from stabilitylab.core import environment
from stabilitylab.lab import doctor as self_tests
from stabilitylab.lab.not_imported import not_imported


@click.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Test what the numbers rest on. Exit code 1 when a test fails.

    Rounding, BLAS and its threads are tested, and the exact engine against methods that share no code with it.
    Versions, BLAS and processor are shown, for each library that is here the BLAS that it has loaded, which takes a
    second or two for each, and the libraries that are not here with the way to get them.

    \b
    stabilitylab doctor           a line for each test
    stabilitylab doctor --json    what to attach to a bug report
    """
    tests = self_tests.examine()
    if as_json:
        record = {
            "environment": environment.stamp(),
            "libraries": {one.title: {"version": one.version, "blas": one.blas} for one in self_tests.libraries_here()},
            "missing": libraries.missing() | not_imported(),
            "tests": [vars(t) for t in tests],
        }
        click.echo(json.dumps(record, indent=1))
    else:
        for key, value in environment.stamp().items():
            click.echo(f"{key}: {value}")
        click.echo("libraries, each with the BLAS and LAPACK that its process has loaded:")
        for library in self_tests.libraries_here():
            click.echo(f"  {library}")
        for title, way in (libraries.missing() | not_imported()).items():
            click.echo(f"not here: {title}: {way}")
        for test in tests:
            click.echo(f"{'ok  ' if test.well else 'FAIL'} {test.name}: {test.seen}")
    if not all(test.well for test in tests):
        exits.fail()
