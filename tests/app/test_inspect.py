"""What `verify` says: of proofs, of signed events in files, and of who stands behind either."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from build import NOW, digest, key, person_id
from lockgate.app import inspect, prove, say
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core.digest import digest_of
from world import World, changed

Fails = Callable[..., str]
SHOP = (digest("shop"),)


class TestEvents:
    def test_what_stands_beside_an_event_is_told(self, world: World, fails: Fails) -> None:
        id_ = world.request()
        made = json.loads(encode(say.sign_event(world.approval(id_, "security"), SHOP, key("bob"))))
        made["signatures"][0]["by"] = "the owner"
        seen = inspect.inspect_event(json.dumps({**made, "z": 1, "approved": True}).encode())
        assert seen.beside == ("approved", "by", "z")
        for data in (b"[]", b"{}", b'{"signatures":[1]}'):
            assert fails(inspect.inspect_event, data) == "dsse.malformed"

    def test_who_vouches_for_the_key_of_an_event(self, world: World) -> None:
        """A good signature is worth as much as is known of its key."""
        id_ = world.request()
        house = project(world.ports, "")
        pinned = inspect.anchor(house.root, "lockgate.trust")
        assert (pinned.file, pinned.version, pinned.digest) == ("lockgate.trust", house.root.version, digest_of(encode(house.root)))
        said = {name: inspect.inspect_event(encode(say.sign_event(world.approval(id_, "security"), SHOP, key(name)))) for name in ("bob", "owner", "mallory")}
        with_gate = {name: inspect.vouch(seen, house.root, house.roster, pinned) for name, seen in said.items()}
        assert {name: (seen.by, seen.code) for name, seen in with_gate.items()} == {
            "bob": (person_id("bob"), ""),
            "owner": (person_id("owner"), ""),
            "mallory": ("", "key.not-enrolled"),
        }
        alone = {name: inspect.vouch(seen, house.root, None, pinned) for name, seen in said.items()}
        assert {name: (seen.by, seen.code) for name, seen in alone.items()} == {
            "bob": ("", "event.unvouched"),
            "owner": ("owner", ""),
            "mallory": ("", "event.unvouched"),
        }
        elsewhere = inspect.inspect_event(encode(say.sign_event(world.approval(id_, "security", log=digest("another log")), SHOP, key("bob"))))
        for roster in (house.roster, None):
            assert inspect.vouch(elsewhere, house.root, roster, pinned).code == "event.other-log"
        assert {seen.root for seen in [*with_gate.values(), *alone.values()]} == {pinned}


class TestProofs:
    def test_what_a_proof_of_a_decision_permits(self, world: World) -> None:
        """Proven is not allowed: a refusal is proven as well, and a permit ends."""
        pinned = world.pinned
        assert pinned is not None
        allowed, refused = world.gate("staging"), world.gate()
        end = allowed.decision.not_after
        assert end is not None

        def seen(index: int, now: datetime) -> tuple[str, str]:
            found = inspect.inspect_proof(prove.prove(world.ports, index), pinned, "lockgate.trust", now)
            assert (found.proven, found.index, found.ignored, found.root) == (True, index, 0, inspect.anchor(pinned, "lockgate.trust"))
            return found.outcome, found.code

        assert seen(allowed.index, end - timedelta(seconds=1)) == ("allowed", "")
        assert seen(allowed.index, end) == ("allowed", "permit.expired")
        assert seen(refused.index, end) == ("refused", "")
        assert seen(0, end) == ("", "")
        ended = changed(pinned, expires=NOW)
        assert inspect.inspect_proof(prove.prove(world.ports, allowed.index), ended, "lockgate.trust", NOW).code == "root.expired"

    def test_signatures_of_keys_nobody_knows_are_counted(self, world: World, fails: Fails) -> None:
        assert world.pinned is not None
        data, line = prove.prove(world.ports, 1), "— $(id>x) " + base64.b64encode(bytes(68)).decode() + "\n"
        assert inspect.inspect_proof(data + line.encode() * 3, world.pinned, "t", NOW).ignored == 3
        assert fails(inspect.inspect_proof, data + line.encode() * 64, world.pinned, "t", NOW) == "note.malformed"
