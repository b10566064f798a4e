"""``lockgate policy schema``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, with_session


@click.command("schema", short_help="The JSON Schema of a policy file, for editors.")
@with_session()
def schema(session: Session) -> None:
    """The JSON Schema (2020-12) of a policy file, for editors that check and complete what is typed. Needs no gate."""
    import json

    from lockgate.evidence.policy_schema import policy_schema

    whole = policy_schema()
    session.say(whole, json.dumps(whole, indent=2))
