"""The command `stabilitylab explain`: what a code such as SL101 means, how it is proven, and what to do."""

import json
from dataclasses import asdict

import click

from stabilitylab.cli.options import AS_JSON


@click.command()
@click.argument("code", required=False)
@AS_JSON
def explain(code: str | None, as_json: bool) -> None:
    """Explain a code of a diagnosis or an arbitration. Without a code: all codes with their titles.

    SL1xx: lost in the call. SL2xx: lies in the data, or in how they are stored. SL3xx: another question is answered.

    \b
    stabilitylab explain
    stabilitylab explain SL101
    """
    from stabilitylab.diagnosis.codes import explanation, explanations

    if code is None:
        found = explanations()
        if as_json:
            click.echo(json.dumps([asdict(one) for one in found], indent=1))
            return
        for one in found:
            click.echo(f"{one.code}  {one.title}")
        return
    one = explanation(code)
    if as_json:
        click.echo(json.dumps(asdict(one), indent=1))
        return
    click.echo(f"{one.code}: {one.title} ({one.severity})\n\n{one.text}")
    if one.source:
        click.echo(f"\nSource: {one.source}")
