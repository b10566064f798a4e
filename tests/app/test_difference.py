"""What a proposed document changes: every line, where it stands, and never a name."""

from __future__ import annotations

from typing import Any

import pytest

from build import BUILT, digest, key, person, person_id
from lockgate.app import govern, request
from lockgate.app.difference import MOST, Difference, difference
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.digest import digest_of
from lockgate.core.identity import Roster
from lockgate.core.policy import Policy
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.signers import IdentityRule
from lockgate.evidence import record
from lockgate.evidence.place import read_policy
from lockgate.evidence.policy_yaml import dump_policy
from private_sigstore import Instance
from world import PEOPLE, WEEK, World, changed, standard_policy


def of(world: World, kind: str, document: object) -> Difference:
    return difference(world.ports, project(world.ports, "").state.house, kind, encode(document))  # type: ignore[arg-type]


def written(policy: Policy) -> list[str]:
    """A policy's lines as it is stored: environments by name."""
    return dump_policy(read_policy(encode(policy))).splitlines()


def test_a_changed_line_is_shown_under_its_keys(world: World) -> None:
    before = written(standard_policy())
    found = of(world, "policy", standard_policy(permit="1h"))
    assert found.lines[0] == "@@ environments"
    assert [line for line in found.lines if line[0] == "+"] == ["+    permit: 1h"]
    around = "\n".join(line[1:] for line in found.lines if line[0] in " -")
    assert around in "\n".join(before)
    assert of(world, "policy", standard_policy()) == Difference()


def test_the_first_of_its_kind_is_all_new() -> None:
    world = World()
    world.begin()
    assert of(world, "policy", standard_policy()).lines == tuple("+" + line for line in written(standard_policy()))


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\n"])
def test_no_text_of_a_policy_passes_for_a_line_of_it(world: World, end: str) -> None:
    """A requirement that is taken out is shown to be taken out, though a builder's name spells it."""
    before = standard_policy()
    (approved,) = [line for line in written(before) if line.startswith("      - approved:")]
    production = before.environments["production"]
    less = changed(production, requires=tuple(one for one in production.requires if not isinstance(one, Approved)))
    told = changed(BUILT, builder=f"https://ci.example.com/{end}{approved}{end}")
    other = changed(before.environments["staging"], requires=(told,))
    found = of(world, "policy", changed(before, environments={"production": less, "q": other, "staging": before.environments["staging"]}))
    assert "-" + approved in found.lines


def test_people_stand_by_id_with_what_changes_of_each(world: World) -> None:
    world.ports.directory.set(person_id("ann"), "Ann")
    current = project(world.ports, "").roster
    ann = next(one for one in current.people if one.id == person_id("ann"))
    more = changed(ann, keys=(*ann.keys, key("ann-2").public), duties={})
    fred = person("fred", {"staging": ["deploy"]})
    others = tuple(one for one in current.people if one.id not in {ann.id, person_id("bob")})
    found = of(world, "roster", Roster(version=current.version + 1, people=(*others, more, fred)))
    assert " " + ann.id in found.lines
    assert f"+  {key('ann-2').fingerprint} ssh-ed25519" in found.lines
    assert "-  production: approve:release-management" in found.lines
    assert ("+" + fred.id, f"+  {key('fred').fingerprint} ssh-ed25519", "+  staging: deploy") == found.lines[3:6]
    assert found.lines[6] == "-" + person_id("bob")
    assert "Ann" not in found.text()
    assert of(world, "roster", changed(current, version=9)) == Difference()


def test_a_root_is_shown_by_its_owners_and_keys(world: World) -> None:
    root = project(world.ports, "").root
    found = of(world, "root", changed(root, version=2, owners=(*root.owners, key("eve").public), previous=digest("x")))
    assert f"+  {key('eve').fingerprint} ssh-ed25519" in found.lines


def test_more_than_anybody_reads_is_left_out_and_said(world: World) -> None:
    """What an approver was not shown stands inside what they sign."""
    many = tuple(Soaked(id=f"s{number}", in_="staging", for_="24h") for number in range(MOST + 50))
    large = standard_policy(requires=many)
    found = of(world, "policy", large)
    assert len(found.lines) == MOST
    assert found.left_out >= 50
    proposed = govern.change(world.ports, large, world.id(), world.nonce(), WEEK, key("eve"))
    there = request.find(world.ports, proposed.id)
    event = request.approval(there, "owner", world.nonce(), world.clock.now(), WEEK, found, request.kept(world.ports, found))
    assert event.shown.not_collected == (f"{found.left_out} more lines of the difference",)


def test_what_was_shown_is_bound_by_digest_and_kept(world: World) -> None:
    seen = of(world, "policy", standard_policy(permit="1h"))
    proposed = govern.change(world.ports, standard_policy(permit="1h"), world.id(), world.nonce(), WEEK, key("owner"), seen)
    assert proposed.in_force
    approved = record.open_envelope(world.envelope(proposed.leaf + 1)).event
    assert isinstance(approved, events.Approved)
    assert approved.shown.lines == digest_of(seen.text().encode())
    assert world.ports.blobs.get(approved.shown.lines) == seen.text().encode()
    world.caught_up()


def test_of_a_request_nothing_is_collected(world: World) -> None:
    found = request.find(world.ports, world.request())
    assert request.change_of(world.ports, found) == Difference()
    assert len(PEOPLE) > 1


def test_of_a_trusted_root_whom_it_believes_is_shown_and_no_certificate(world: World) -> None:
    """Whoever signs sees which authority or log comes and goes, and when each is believed; where the bytes alone differ, their digest."""
    root = Instance().root_json
    first = with_root(root)
    world.policy(first)
    assert of(world, "policy", first) == Difference()
    assert "CERTIFICATE" not in of(world, "policy", standard_policy()).text()
    stranger = Instance().root_json["tlogs"][0]
    other = {**root, "tlogs": [*root["tlogs"][:1], stranger | {"baseUrl": "https://new.example"}]}
    other["ctlogs"][0]["publicKey"]["validFor"]["end"] = "2026-12-01T00:00:00Z"
    found = of(world, "policy", with_root(other))
    assert found.lines[:2] == (" trusted-roots:", "   ours:")
    gone, come = ([line for line in found.lines if line[0] == sign] for sign in "-+")
    assert [line.split()[1].rstrip(":") for line in gone] == [line.split()[1].rstrip(":") for line in come] == ["digest", "certificate-log", "transparency-log"]
    assert ("log2.example" in gone[2], "new.example" in come[2], "to:" in gone[1], 'to: "2026-12-01T00:00:00Z"' in come[1]) == (True, True, False, True)
    assert not any("rawBytes" in line or len(line) > 400 for line in found.lines)
    respelled = {**root, "tlogs": [{**one, "comment": "nothing"} for one in root["tlogs"]]}
    assert [line.split()[1] for line in of(world, "policy", with_root(respelled)).lines if line[0] == "+"][:1] == ["digest:"]


def with_root(root: dict[str, Any]) -> Policy:
    rule = IdentityRule(root="ours", issuer="https://issuer.example", identity="ada@example.com")
    return changed(standard_policy(), identities={"ada": rule}, trusted_roots={"ours": encode(root).decode()})
