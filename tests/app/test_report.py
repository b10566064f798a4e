from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from build import NOW, digest, key, nonce, person_id
from fakes.memory_index import MemoryIndex
from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.app import attach, filing, govern, inspect, prove, report, request, say, why
from lockgate.app.begin import Beginning, begin
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.identity import Roster
from lockgate.core.ports import Entry, Guard, Receipt
from lockgate.errors import ConflictError, LockgateError, UnreadableError
from world import ORIGIN, PEOPLE, WEEK, World, changed, standard_policy

Fails = Callable[..., str]
SHOP = (digest("shop"),)


class TestStatus:
    def test_what_runs_and_what_is_open(self, world: World) -> None:
        world.soaked()
        id_ = world.approved()
        world.gate()
        proposed = govern.change(world.ports, standard_policy(permit="1h"), world.id(), world.nonce(), WEEK, key("eve"))
        status = report.status(world.ports)
        production, staging = status.environments
        assert staging.occupant is not None
        assert production.occupant is None
        assert [one.id for one in production.requests] == [id_]
        assert len(production.permits) == 1
        assert [one.id for one in status.proposals] == [proposed.id]
        assert (status.size, status.unpinned, status.ignored) == (world.log.head().size, False, {})
        world.clock.advance(hours=1)
        assert report.status(world.ports).environments[0].permits == ()

    def test_leaves_that_mean_nothing_are_shown(self, world: World) -> None:
        index = world.smuggle(say.sign_event(world.deployed(3, "staging"), SHOP, key("mallory")))
        assert report.status(world.ports).ignored == {str(index): "key.not-enrolled"}


class TestShow:
    def test_one_leaf_and_the_newest(self, world: World, fails: Fails) -> None:
        gated = world.gate("staging")
        shown = report.show(world.ports, gated.index)
        assert (shown.kind, shown.stream, shown.subjects, shown.keyid) == ("decision", "env:staging", SHOP, key("permit").fingerprint)
        assert report.show(world.ports, 0).keyid == ""
        assert [one.index for one in report.listed(world.ports, 2)] == [gated.index - 1, gated.index]
        assert len(report.listed(world.ports, 10_000)) == gated.index + 1
        assert fails(report.show, world.ports, gated.index + 1) == "log.no-such-leaf"
        assert fails(report.show, world.ports, -1) == "log.no-such-leaf"
        assert fails(report.listed, world.ports, 0) == "log.bad-count"
        assert fails(report.listed, world.ports, 10_001) == "log.bad-count"

    def test_about_a_digest_or_a_request(self, world: World) -> None:
        id_ = world.request()
        world.reject(id_, "ann")
        assert [one.kind for one in report.listed(world.ports, 20, id_)] == ["request", "rejection"]
        assert [one.kind for one in report.listed(world.ports, 1, SHOP[0])] == ["rejection"]
        assert report.listed(world.ports, 20, "sha256:nothing") == []

    @pytest.mark.parametrize("leaf", [0, 3, -1])
    def test_an_index_that_names_other_leaves_is_found(self, world: World, fails: Fails, leaf: int) -> None:
        world.broken = True
        id_ = world.request()
        world.index.rows.add(("request", id_, leaf))
        assert fails(report.listed, world.ports, 20, id_) == "index.differs"

    def test_a_leaf_nobody_can_read(self, world: World) -> None:
        world.broken = True
        world.log.append(Entry(leaf=b"junk", stream="x", key="x"))
        assert report.show(world.ports, world.log.head().size - 1).problem == "event.malformed"


class TestCheck:
    def test_it_counts(self, world: World) -> None:
        world.soaked()
        heard: list[tuple[int, int]] = []
        checked = report.check(world.ports, lambda done, whole: heard.append((done, whole)))
        assert checked.kinds == {"approval": 3, "decision": 1, "deploy-started": 1, "deployed": 1, "genesis": 1, "policy": 1, "root": 1, "roster": 2}
        assert heard == [(checked.size, checked.size)]

    def test_every_edited_row_is_found(self, world: World, fails: Fails) -> None:
        world.broken = True
        world.soaked()
        for row in sorted(world.index.rows):
            gone, added = world.copy(), world.copy()
            gone.index.rows.discard(row)
            added.index.rows.add((row[0], row[1] + "x", row[2]))
            assert fails(report.check, gone.ports) in {"index.differs", "log.chain-broken"}
            assert fails(report.check, added.ports) == "index.differs"

    @pytest.mark.parametrize("row", [("digest", "x", -5), ("stream", "y", 10**9), ("kind", "z", 10**9)])
    def test_a_row_of_no_leaf(self, world: World, fails: Fails, row: tuple[str, str, int]) -> None:
        world.index.rows.add(row)
        if row[2] < 0:
            assert fails(report.check, world.ports) == "index.differs"
        world.index.rows.discard(row)

    def test_an_index_of_a_longer_log(self, world: World, fails: Fails) -> None:
        world.index.file(10**6, [])
        assert fails(report.check, world.ports) == "index.differs"
        filing.rebuild(world.ports)

    def test_an_index_that_is_behind_is_right_as_far_as_it_goes(self, world: World) -> None:
        from lockgate.app import gate

        gated = gate.gate(world.ports, world.ask("staging"), key("dora"))
        assert world.index.cursor() <= gated.index
        assert report.check(world.ports).size == gated.index + 1

    @pytest.mark.parametrize("batch", [1, 2, 3, 7])
    def test_in_batches(self, world: World, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
        world.soaked()
        expected = report.check(world.ports)
        monkeypatch.setattr(report, "BATCH", batch)
        monkeypatch.setattr(filing, "BATCH", batch)
        assert report.check(world.ports) == expected
        filing.rebuild(world.ports)

    def test_leaves_that_mean_nothing_are_told_as_project_tells_them(self, world: World) -> None:
        world.soaked()
        id_ = world.approved()
        world.smuggle(world.envelope(world.log.last("env:production")))
        world.smuggle(world.envelope(world.log.last("env:production")), stream="env:staging")
        world.smuggle(say.sign_event(events.Rejected(log=world.genesis, request=id_, environment="production", nonce=nonce("x")), SHOP, key("mallory")))
        world.smuggle(world.envelope(2))
        told = dict[str, str]()
        for environment in ("", "staging", "production"):
            told |= project(world.ports, environment, walk="chain").ignored
        assert world.ignored() == told
        assert sorted(told.values()) == sorted(["approval.replayed", "event.other-stream", "key.not-enrolled", "proposal.stale"])


class TestFiling:
    def test_a_rebuilt_index_is_the_live_one(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.gate()
        live = world.index.dump()
        filing.rebuild(world.ports)
        assert world.index.dump() == live
        newest = {world.gate(to, key="x").decision.state for to in ("staging",)}
        assert newest <= set(world.index.states)

    def test_a_rebuilt_index_makes_the_way_short_again(self, world: World) -> None:
        world.soaked()
        world.approved()
        decided = world.gate().decision
        world.index.clear()
        filing.rebuild(world.ports)
        assert decided.state in world.index.states

    def test_while_another_process_rebuilds(self, world: World) -> None:
        world.gate()
        real = world.index.file
        world.index.clear()

        def file(size: int, rows: Any) -> None:
            world.index.file = real
            raise ConflictError("index.rebuilt", "another process")

        world.index.file = file
        assert filing.catch_up(world.ports) == world.log.head().size
        assert world.index.cursor() == world.log.head().size

    def test_on_the_real_index(self, world: World, tmp_path: Path) -> None:
        world.soaked()
        sqlite = SqliteIndex(tmp_path / "index.db")
        live, world.index = world.index, sqlite
        world.caught_up()
        assert sqlite.dump() == live.dump()
        world.approved()
        world.gate()
        world.check()
        sqlite.close()
        world.index = MemoryIndex()

    def test_a_leaf_nobody_can_read_is_filed_as_such(self) -> None:
        assert filing.rows_of(b"junk", 7) == [("ignored", "unreadable", 7)]


class TestWhy:
    def test_a_decision_explained(self, world: World, fails: Fails) -> None:
        gated = world.gate()
        decided, release = why.explain(world.ports, gated.index)
        assert (decided, release) == (gated.decision, gated.release)
        assert fails(why.explain, world.ports, 0) == "replay.not-a-decision"
        assert fails(why.explain, world.ports, -1) == "log.no-such-leaf"
        assert fails(why.explain, world.ports, 10**9) == "log.no-such-leaf"

    def test_what_nobody_decided_is_not_explained(self, world: World, fails: Fails) -> None:
        gated = world.gate()
        forged = world.smuggle(world.decided(gated, key("log"), outcome="allowed", not_after=NOW + timedelta(days=9)))
        assert fails(why.explain, world.ports, forged) == "event.other-key"

    def test_what_the_gate_would_say(self, world: World, fails: Fails) -> None:
        size, blobs = world.log.head().size, len(world.blobs.held)
        decided, _ = why.would(world.ports, world.ask("staging"), key("dora"))
        assert decided.outcome == "allowed"
        assert why.would(world.ports, world.ask(), None)[0].outcome == "refused"
        assert fails(why.would, world.ports, world.ask("nowhere"), None) == "policy.no-environment"
        assert fails(why.would, world.ports, world.ask(request="r-0000000000nobody"), None) == "request.unknown"
        assert (world.log.head().size, len(world.blobs.held)) == (size, blobs)

    def test_it_says_what_the_gate_says(self, world: World) -> None:
        world.soaked()
        world.approved()
        ask = world.ask()
        would, _ = why.would(world.ports, ask, key("dora"))
        assert would == changed(world.gate(key=ask.key).decision, evidence=would.evidence)


class TestProve:
    def test_every_leaf_is_proven_offline(self, world: World, fails: Fails) -> None:
        world.soaked()
        assert world.pinned is not None
        for index in range(world.log.head().size):
            proven = prove.check(prove.prove(world.ports, index), world.pinned)
            assert (proven.index, proven.size) == (index, world.log.head().size)
        assert fails(prove.prove, world.ports, -1) == "log.no-such-leaf"
        assert fails(prove.prove, world.ports, world.log.head().size) == "log.no-such-leaf"

    def test_a_proof_of_another_log(self, world: World, fails: Fails) -> None:
        from fakes.memory_log import MemoryLog

        other = World(log=MemoryLog(ORIGIN, seed=bytes(32)))
        root = other.begin()
        assert fails(prove.check, prove.prove(world.ports, 3), root) == "note.unsigned"

    def test_a_leaf_that_means_nothing_is_not_proven_as_something(self, world: World, fails: Fails) -> None:
        world.soaked()
        world.approved()
        approval = world.envelope(world.log.last("env:production"))
        assert world.pinned is not None
        copied = world.smuggle(approval, stream="env:staging")
        assert fails(prove.check, prove.prove(world.ports, copied), world.pinned) == "event.other-stream"
        gated = world.gate("staging", key="x")
        forged = world.smuggle(world.decided(gated, key("log")))
        assert fails(prove.check, prove.prove(world.ports, forged), world.pinned) == "event.other-key"
        unsigned = world.smuggle(changed(approval, signatures=()))
        assert fails(prove.check, prove.prove(world.ports, unsigned), world.pinned) == "event.unsigned"

    def test_no_byte_can_be_changed(self, world: World) -> None:
        """Every byte of the file, to every kind of other byte: it never verifies, but for signature lines of keys nobody knows."""
        world.soaked()
        assert world.pinned is not None
        data = prove.prove(world.ports, world.log.head().size - 1)
        for at in range(len(data)):
            for other in {data[at] ^ 1, data[at] ^ 0x20, 0x0A, 0x41, 0xFF} - {data[at]}:
                with pytest.raises(LockgateError):
                    prove.check(data[:at] + bytes([other]) + data[at + 1 :], world.pinned)


class TestGovern:
    def test_a_person_gets_keys_and_duties(self, fails: Fails) -> None:
        ann = govern.enrolled(Roster(version=1), person_id("ann"), (key("ann").public,), ("production=approve:security",))
        more = govern.enrolled(Roster(version=1, people=(ann,)), ann.id, (key("x").public, key("ann").public), ("production=deploy", "staging=request"))
        assert more.keys == (key("ann").public, key("x").public)
        assert more.duties == {"production": ("approve:security", "deploy"), "staging": ("request",)}
        assert fails(govern.enrolled, Roster(version=1), person_id("ann"), (), ()) == "people.no-key"
        for bad in ("production", "=deploy", "production=", "Production=deploy", "production=approve:", "production=fly", "a=deploy\n"):
            assert fails(govern.enrolled, Roster(version=1), person_id("ann"), (key("ann").public,), (bad,)) == "people.bad-duty"

    def test_a_permit_key_of_a_kind_that_signs_no_permit(self, world: World, fails: Fails) -> None:
        rsa = "ssh-rsa " + base64.b64encode(b"\0\0\0\x07ssh-rsa" + bytes(300)).decode()
        assert fails(govern.next_root, world.pinned, (), 0, rsa, NOW + WEEK) == "root.bad-value"
        assert world.pinned is not None
        assert govern.next_root(world.pinned, (), 0, key("next permit").public, NOW + WEEK).permit == key("next permit").public

    def test_a_roster_without_somebody(self, world: World, fails: Fails) -> None:
        roster = project(world.ports, "").roster
        assert govern.roster_without(roster, person_id("eve")).get(person_id("eve")) is None
        assert fails(govern.roster_without, roster, person_id("nobody")) == "people.unknown"

    def test_a_change_is_in_force_or_waits(self, fails: Fails) -> None:
        world = World()
        world.begin("owner", "second", "third", threshold=2)
        assert project(world.ports, "").roster.people == ()
        first = world.policy(standard_policy())
        assert (first.in_force, first.version) == (False, 1)
        assert fails(world.approve, first.id, "mallory") == "key.not-enrolled"
        world.approve(first.id, "third")
        second = world.policy(standard_policy(permit="1h"), by="second")
        assert (second.in_force, second.version) == (False, 2)
        world.reject(second.id, "owner")
        assert fails(world.approve, second.id, "third") == "request.unknown"
        world.check()

    def test_an_owners_approval_that_ended_is_none(self, fails: Fails) -> None:
        world = World()
        world.begin("owner", "second", threshold=2)
        proposed = govern.change(world.ports, standard_policy(), world.id(), world.nonce(), timedelta(hours=1), key("owner"))
        world.clock.advance(hours=1)
        world.approve(proposed.id, "second")
        assert project(world.ports, "").policy is None
        world.approve(proposed.id, "owner")
        assert project(world.ports, "").policy is not None
        world.check()

    def test_a_change_beaten_by_another_is_not_told_as_in_force(self, world: World, fails: Fails) -> None:
        real = world.log.append

        def append(entry: Entry, guard: Guard | None = None) -> Receipt:
            receipt: Receipt = real(entry, guard)
            world.log.append = real
            world.policy(standard_policy(permit="2h"))
            return receipt

        world.log.append = append
        assert fails(world.policy, standard_policy(permit="1h")) == "request.unknown"
        assert project(world.ports, "").policy_in_force() == standard_policy(permit="2h")

    def test_a_stale_proposal(self, world: World, fails: Fails) -> None:
        house = project(world.ports, "").state.house
        assert house.roster is not None
        old = Roster(version=house.roster.version, people=PEOPLE)
        assert fails(govern.change, world.ports, old, world.id(), world.nonce(), WEEK, key("owner")) == "proposal.stale"

    def test_who_is_nobody_proposes_nothing(self, world: World, fails: Fails) -> None:
        assert fails(world.policy, standard_policy(permit="1h"), by="mallory") == "key.not-enrolled"

    def test_the_root_is_changed_by_its_owners(self, world: World, fails: Fails) -> None:
        changed_root = world.root(owners=(key("owner").public, key("second").public), threshold=2)
        assert (changed_root.in_force, changed_root.version) == (True, 2)
        assert not world.root(expires=NOW + timedelta(days=700)).in_force
        assert fails(world.root, genesis=digest("another log")) == "root.other-log"
        assert fails(world.root, previous="none") == "root.other-log"


class TestBegin:
    def plan(self, **more: Any) -> Beginning:
        base = {"owners": (key("owner").public,), "threshold": 1, "expires": NOW + timedelta(days=365), "nonce": nonce("begin"), "person": person_id("owner")}
        return Beginning(**{**base, **more})

    def test_a_log_begins_once(self, fails: Fails) -> None:
        world = World()
        root, recorded = begin(world.ports, self.plan(), (world.id(), world.id()), key("owner"), NOW + WEEK)
        world.pinned = root
        assert (recorded.index, world.log.head().size) == (2, 4)
        assert fails(begin, world.ports, self.plan(), (world.id(), world.id()), key("owner"), NOW + WEEK) == "init.not-empty"
        world.check()

    @pytest.mark.parametrize("bad", [{"threshold": 2}, {"threshold": 0}, {"owners": ()}, {"owners": (key("owner").public,) * 2}])
    def test_a_root_that_cannot_be_leaves_nothing(self, fails: Fails, bad: dict[str, Any]) -> None:
        world = World()
        assert fails(begin, world.ports, self.plan(**bad), (world.id(), world.id()), key("owner"), NOW + WEEK) == "root.bad-value"
        assert world.log.head().size == 0

    def test_without_a_permit_key(self, fails: Fails) -> None:
        world = World()
        world.permit = None
        assert fails(begin, world.ports, self.plan(), (world.id(), world.id()), key("owner"), NOW + WEEK) == "permit.no-key"


class TestSay:
    def test_a_prepared_approval_is_what_was_prepared(self, world: World, fails: Fails) -> None:
        assert fails(say.seal_prepared, b"DSSEv1 1 a 1 b", "") == "event.malformed"
        assert fails(say.seal_prepared, b"", "").partition(".")[0] in {"event", "json"}

    def test_a_question_is_never_a_leaf(self, world: World, fails: Fails) -> None:
        asked = events.Asked(log=world.genesis, environment="staging", config="none", nonce=nonce("x"), asked_at=world.clock.at)
        assert fails(world.record, asked, SHOP, "dora") == "event.not-recorded"

    def test_a_decision_is_not_recorded_by_hand(self, world: World, fails: Fails) -> None:
        gated = world.gate("staging")
        for envelope in (world.envelope(gated.index), world.decided(gated, key("mallory")), world.decided(gated, key("permit"), history=world.log.head().size)):
            assert fails(say.record_event, world.ports, envelope) == "event.not-recorded"
        assert fails(say.record_event, world.ports, world.envelope(0)) == "event.malformed"

    def test_recorded_but_not_remembered_says_so(self, world: World) -> None:
        id_ = world.request()
        found = request.find(world.ports, id_)
        world.heads.remember_fails = UnreadableError("head.unwritable", "the state directory is read-only")
        with pytest.raises(UnreadableError) as err:
            request.reject(world.ports, found, world.nonce(), key("ann"))
        assert err.value.code == "head.unwritable"
        assert err.value.message.startswith(f"leaf {world.log.head().size - 1} was recorded")
        world.heads.remember_fails = None

    def test_too_large_an_event(self, world: World, fails: Fails) -> None:
        id_ = world.request()
        made = world.approval(id_, "security")
        huge = changed(made, shown=changed(made.shown, not_collected=("x" * 20_000,)))
        assert fails(world.record, huge, SHOP, "bob") == "leaf.too-large"


class TestAttachAndInspect:
    def test_what_is_attached_is_seen(self, world: World) -> None:
        bench = attach.Bench(source=world.source, clock=world.clock)
        world.source.put("new", b"new")
        attached = attach.sign(bench, "file:new", key("release"))
        assert (attached.subject, attached.key) == (digest("new"), key("release").fingerprint)
        found = inspect.find_artifact(bench, "file:new")
        assert found[1] == digest("new")
        assert inspect.inspect_artifact(bench, found, {"release": key("release").public}).good
        assert not inspect.inspect_artifact(bench, found, {"other": key("second").public}).good
        world.source.artifacts["new"].data = b"old"
        assert not inspect.inspect_artifact(bench, found, {"release": key("release").public}).good

    def test_a_signed_event_in_a_file(self, world: World, fails: Fails) -> None:
        id_ = world.request()
        made = say.sign_event(world.approval(id_, "security"), SHOP, key("bob"))
        seen = inspect.inspect_event(encode(made))
        assert (seen.kind, seen.subjects, seen.signed) == ("approval", SHOP, key("bob").fingerprint)
        assert (seen.by, seen.code, seen.root, seen.beside) == ("", "event.unvouched", None, ())
        assert fails(inspect.inspect_event, encode(changed(made, signatures=()))).startswith("dsse.")
        assert fails(inspect.inspect_event, b"{}") == "dsse.malformed"
