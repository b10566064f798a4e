from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from build import NOW, digest, key
from fakes.memory_heads import MemoryHeads
from fakes.memory_log import MemoryLog
from lockgate.app import filing, gate, govern, report, say
from lockgate.app.project import chain, holders, project, trusted_head
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.ports import Entry, Receipt
from lockgate.core.state import Permit, state_digest
from lockgate.errors import UnreadableError
from lockgate.evidence import record
from world import ORIGIN, PEOPLE, World, changed, standard_policy

Fails = Callable[..., str]
SHOP = (digest("shop"),)


class TestTrustedHead:
    def test_the_head_is_remembered(self, world: World) -> None:
        assert world.heads.recall(world.log.vkey) == trusted_head(world.ports).note == world.log.head().note

    def test_an_older_copy(self, world: World, fails: Fails) -> None:
        world.broken = True
        world.gate()
        world.log.entries.pop()
        assert fails(world.gate, "staging") == "head.rolled-back"

    def test_another_history(self, world: World, fails: Fails) -> None:
        world.broken = True
        world.gate()
        world.log.entries[-1] = changed(world.log.entries[-1], leaf=b"another")
        world.log.entries.append(world.log.entries[0])
        assert fails(trusted_head, world.ports) == "head.forked"

    def test_another_log_of_this_name(self, world: World, fails: Fails) -> None:
        """Two logs that share nothing but a name share no memory; the pinned root tells them apart."""
        remembered = dict(world.heads.notes)
        again = World(log=MemoryLog(ORIGIN, seed=bytes(32)), heads=world.heads)
        again.begin()
        trusted_head(again.ports)
        assert world.heads.recall(world.log.vkey) == trusted_head(world.ports).note == remembered[world.log.vkey]
        assert set(world.heads.notes) == {world.log.vkey, again.log.vkey}
        again.pinned = world.pinned
        assert fails(trusted_head, again.ports) == "root.other-log"

    def test_nothing_is_remembered_of_a_log_that_nobody_pinned(self, world: World, fails: Fails) -> None:
        """Whoever shows a log once must not decide what is remembered; what is remembered is compared all the same."""
        world.broken = True
        own, world.pinned, world.heads = world.pinned, None, MemoryHeads()
        trusted_head(world.ports)
        world.request()
        assert world.heads.notes == {}
        world.pinned = own
        newest = trusted_head(world.ports).note
        world.pinned = None
        world.log.entries.pop()
        assert fails(trusted_head, world.ports) == "head.rolled-back"
        assert world.heads.notes == {world.log.vkey: newest}

    def test_a_memory_of_something_else_is_damaged(self, world: World, fails: Fails) -> None:
        world.broken = True
        other = World(log=MemoryLog(ORIGIN, seed=bytes(32)))
        other.begin()
        for put in (b"", b"\xff", trusted_head(other.ports).note, trusted_head(world.ports).note[:-9]):
            world.heads.notes[world.log.vkey] = put
            assert fails(trusted_head, world.ports) == "head.unreadable"
            assert world.heads.notes == {world.log.vkey: put}

    def test_a_pinned_root_of_another_log(self, world: World, fails: Fails) -> None:
        own = world.pinned
        other = World(log=MemoryLog(ORIGIN, seed=bytes(32)))
        world.pinned = other.begin()
        assert fails(trusted_head, world.ports) == "root.other-log"
        assert fails(world.gate, "staging") == "root.other-log"
        world.pinned = own

    def test_a_pinned_root_that_is_not_in_force_yet(self, world: World, fails: Fails) -> None:
        own = world.pinned
        assert own is not None
        world.pinned = changed(own, version=2, previous=digest("x"))
        assert fails(world.gate, "staging") == "root.rolled-back"
        world.pinned = own

    def test_a_pinned_root_of_another_hand(self, world: World, fails: Fails) -> None:
        own = world.pinned
        assert own is not None
        world.pinned = changed(own, owners=(*own.owners, key("mallory").public))
        assert fails(world.gate, "staging") == "root.other"
        world.pinned = own

    def test_two_processes_never_take_each_other_for_a_rollback(self, world: World) -> None:
        """Between reading the head and the memory, another process of this user records and remembers."""
        recall = world.heads.recall
        head = world.log.head

        def busy_head() -> object:
            answer = head()
            other = world.copy()
            other.log, other.heads, other.blobs = world.log, world.heads, world.blobs
            world.log.head = head
            other.gate("staging")
            return answer

        world.log.head = busy_head
        trusted_head(world.ports)
        world.log.head = head
        assert recall(world.log.vkey) is not None


class TestShortCut:
    def test_it_gives_what_folding_everything_gives(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.gate()
        for environment in ("staging", "production"):
            assert project(world.ports, environment).state == project(world.ports, environment, walk="chain").state

    def test_it_reads_little(self, world: World) -> None:
        world.soaked()
        id_ = world.approved()
        world.gate()
        for _ in range(20):
            world.approve(id_, "carl", "security")
            world.withdraw(id_, "carl")
        world.gate(by="rita")
        read: list[int] = []
        real = world.log.leaf

        def leaf(index: int) -> bytes:
            read.append(index)
            data: bytes = real(index)
            return data

        world.log.leaf = leaf
        project(world.ports, "production")
        house = [index for index in set(read) if record.read_leaf(real(index)).stream == "house"]
        assert len(set(read)) <= 4 + len(house)

    def test_without_a_snapshot_everything_is_folded(self, world: World) -> None:
        world.soaked()
        world.approved()
        before = world.gate().decision
        expected = project(world.ports, "production").state
        world.index.states.clear()
        assert project(world.ports, "production").state == expected
        world.index.clear()
        assert project(world.ports, "production").state == expected
        assert state_digest(project(world.ports, "production", before.history).state) == before.state

    def test_a_snapshot_that_is_not_its_digest_is_not_believed(self, world: World) -> None:
        gated = world.gate("staging")
        expected = project(world.ports, "staging").state
        world.index.keep("env:production", gated.decision.state, b"{}")
        assert project(world.ports, "staging").state == expected

    def test_a_snapshot_nobody_can_read_is_folded_anew(self, world: World) -> None:
        """As a later lockgate may have committed to one that holds more."""
        gated = world.gate("staging")
        newer = b'{"environment":{"name":"staging"},"house":{},"more":1}'
        forged = world.decided(gated, key("permit"), state="sha256:" + __import__("hashlib").sha256(newer).hexdigest(), history=world.log.head().size)
        world.broken = True
        world.smuggle(forged)
        world.index.keep("env:production", "sha256:" + __import__("hashlib").sha256(newer).hexdigest(), newer)
        assert project(world.ports, "staging").state.house.policy is not None

    @pytest.mark.parametrize("signer", ["log", "mallory"])
    def test_a_forged_decision_with_a_forged_state_is_not_believed(self, world: World, signer: str) -> None:
        """By whoever holds the log key and not the permit key: a state in which all is approved and permitted."""
        world.soaked()
        refused = world.gate()
        honest = project(world.ports, "production").state
        permit = Permit(decision=world.log.head().size, release=refused.release, not_after=NOW + timedelta(days=3000))
        forged = changed(honest, environment=changed(honest.environment, permits=(permit,)))
        world.index.keep("env:production", state_digest(forged), encode(forged))
        size = world.log.head().size
        index = world.smuggle(world.decided(refused, key(signer), state=state_digest(forged), history=size))
        assert project(world.ports, "production").state.environment.permits == ()
        assert world.ignored()[str(index)] == "event.other-key"

    def test_an_old_decision_put_at_the_end_does_not_bring_its_state_back(self, world: World, fails: Fails) -> None:
        """The permit key did sign it: what it commits to is the time before the rejection."""
        world.broken = True
        world.soaked()
        id_ = world.approved()
        allowed = world.gate()
        world.reject(id_, "carl")
        world.smuggle(world.envelope(allowed.index), previous=allowed.decision.history - 1)
        assert fails(world.gate) == "log.chain-broken"
        assert fails(report.check, world.ports) == "log.chain-broken"

    def test_a_decision_copied_to_another_environment_does_not_bring_its_state_along(self, world: World) -> None:
        """Signed by the permit key, newer than all of staging: production's occupant would have soaked in staging."""
        world.soaked()
        world.approved()
        world.deploy()
        decided = world.gate(key="newest")
        before = project(world.ports, "staging").state
        index = world.smuggle(world.envelope(decided.index), stream="env:staging")
        assert project(world.ports, "staging").state == before
        assert world.ignored()[str(index)] == "event.other-stream"

    def test_unpinned_no_short_cut_is_taken(self, world: World) -> None:
        world.gate("staging")
        world.index.states.clear()
        root, world.pinned = world.pinned, None
        assert project(world.ports, "staging").state.environment.permits != ()
        world.pinned = root

    def test_under_a_later_root_than_the_pinned_one_everything_is_folded(self, world: World) -> None:
        world.gate("staging")
        world.root(expires=NOW + timedelta(days=500))
        assert world.gate("staging", key="again").decision.outcome == "allowed"
        world.pinned = project(world.ports, "").root
        assert world.gate("staging", key="once more").decision.outcome == "allowed"


class TestHiding:
    @pytest.fixture
    def rejected(self, world: World) -> int:
        """Approved by two, and rejected at this leaf."""
        world.soaked()
        id_ = world.approved()
        return world.reject(id_, "carl").index

    @pytest.mark.parametrize("column", ["env:elsewhere", "house", "x"])
    def test_an_edited_hint(self, world: World, rejected: int, fails: Fails, column: str) -> None:
        world.broken = True
        world.log.entries[rejected] = changed(world.log.entries[rejected], stream=column)
        assert fails(world.gate) in {"log.stream-hidden", "log.chain-broken"}
        assert fails(report.check, world.ports) in {"log.stream-hidden", "log.chain-broken"}

    def test_an_edited_hint_and_an_edited_index(self, world: World, rejected: int, fails: Fails) -> None:
        """NOT CAUGHT by the gate: whoever edits both tables hides the tail. `log check` finds it."""
        world.broken = True
        world.log.entries[rejected] = changed(world.log.entries[rejected], stream="env:elsewhere")
        world.index.rows.discard(("stream", "env:production", rejected))
        gated = gate.gate(world.ports, world.ask(), key("dora"))
        assert gated.decision.outcome == "allowed"
        world.caught_up()
        assert fails(report.check, world.ports) in {"log.stream-hidden", "log.chain-broken", "index.differs"}

    def test_a_leaf_that_passes_over_another(self, world: World, rejected: int, fails: Fails) -> None:
        world.broken = True
        world.smuggle(world.envelope(rejected - 1), previous=rejected - 1)
        assert fails(world.gate) == "log.chain-broken"
        assert fails(report.check, world.ports) == "log.chain-broken"

    @pytest.mark.parametrize("leaf", [b"junk", b"{}", b"\xff" * 100, b'{"at":"2026-11-22T20:14:03Z"}'])
    def test_a_leaf_that_nobody_can_read(self, world: World, fails: Fails, leaf: bytes) -> None:
        world.broken = True
        world.log.append(Entry(leaf=leaf, stream="env:staging", key="junk"))
        assert fails(world.gate, "staging") == "event.malformed"

    def test_a_leaf_of_a_later_lockgate(self, world: World, fails: Fails) -> None:
        world.broken = True
        leaf = world.log.leaf(world.log.head().size - 1)
        world.log.append(Entry(leaf=leaf[:-1] + b',"z":1}', stream="house", key="newer"))
        assert fails(world.gate, "staging") == "event.newer"

    def test_rows_of_the_index_that_are_not_true(self, world: World, fails: Fails) -> None:
        world.broken = True
        world.gate("staging")
        for row in [("stream", "env:staging", 3), ("stream", "env:staging", 10**6), ("stream", "env:production", 2), ("stream", "house", 8)]:
            copy = world.copy()
            copy.index.rows.add(row)
            code = fails(copy.gate, "production" if "production" in row[1] else "staging", key="x")
            assert code == "index.differs"
            filing.rebuild(copy.ports)
            assert copy.gate("staging", key="x").decision.outcome == "allowed"

    def test_an_index_that_is_behind_is_no_harm(self, world: World) -> None:
        size = world.log.head().size
        for _ in range(3):
            gate.gate(world.ports, world.ask("staging"), key("dora"))
        assert world.index.cursor() == size
        assert len(list(chain(world.ports, "env:staging", size + 3))) == 3


class TestCopies:
    def test_no_leaf_put_anywhere_again_opens_anything(self, world: World) -> None:
        """Every leaf of a rich history, in every stream, as the log key can: nothing changes but that a no is said again."""
        rich(world)
        before = {name: project(world.ports, name).state for name in ("staging", "production")}
        for index in range(world.log.head().size):
            other = world.copy()
            envelope = world.envelope(index)
            copied = [str(other.smuggle(envelope, stream=stream)) for stream in ("house", "env:staging", "env:production")]
            after = {name: project(other.ports, name) for name in before}
            ignored = after["staging"].ignored | after["production"].ignored
            for name, state in before.items():
                then, now = state.environment, after[name].state.environment
                assert (now.permits, now.stays) == (then.permits, then.stays)
                house, held = after[name].state.house, state.house
                assert (house.policy, house.roster, house.root) == (held.policy, held.roster, held.root)
                if set(copied) <= ignored.keys():
                    assert (house, now) == (held, then), index
            # Not passed over: a no, said again. And a proposal rejected before anybody approved it, which nobody has approved.
            meant = issubclass(type(record.open_envelope(envelope).event), events.Rejected | events.Withdrawn | events.Proposal)
            assert meant or set(copied) <= ignored.keys(), index


def rich(world: World) -> None:
    """A bit of everything that can be said."""
    world.gate()
    world.soaked()
    id_ = world.request()
    world.approve(id_, "ann")
    world.approve(id_, "bob")
    world.withdraw(id_, "bob")
    world.clock.advance(seconds=1)
    world.approve(id_, "bob")
    world.reject(id_, "carl")
    world.withdraw(id_, "carl", "rejection")
    world.runner.status = 1
    world.deploy()
    world.runner.status = 0
    world.deploy()
    world.roster(*PEOPLE[:5])
    world.policy(standard_policy(permit="1h"))
    world.root(expires=NOW + timedelta(days=500))
    proposed = govern.change(world.ports, standard_policy(permit="2h"), world.id(), world.nonce(), timedelta(days=1), key("ann"))
    world.caught_up()
    world.reject(proposed.id, "owner")
    world.artifact("next")
    world.deploy("staging", "next")
    back = world.request(ref="next")
    world.withdraw(back, "rita", "request")
    world.gate("staging", "next", key="outstanding")


class TestHolders:
    def test_where_an_id_stands(self, world: World) -> None:
        id_ = world.request()
        assert [environment for environment, _ in holders(world.ports, id_)] == ["production"]
        assert holders(world.ports, "r-0000000000nobody") == []


class TestBackdated:
    def test_a_leaf_dated_back_does_not_revive_what_ended(self, world: World, fails: Fails) -> None:
        """An approval that ended before anybody recorded it, appended by whoever holds the log key, with an earlier time."""
        world.broken = True
        world.soaked()
        id_ = world.request()
        world.approve(id_, "ann")
        late = say.sign_event(world.approval(id_, "security", expires=world.clock.at + timedelta(hours=1)), SHOP, key("bob"))
        at = world.clock.at
        world.clock.advance(hours=2)
        world.gate()
        world.smuggle(late, at=at)
        assert fails(project, world.ports, "production") == "time.backwards"

    def test_log_check_sees_it(self, world: World, fails: Fails) -> None:
        world.broken = True
        gated = world.gate("staging")
        world.smuggle(world.envelope(gated.index), at=world.clock.at - timedelta(minutes=3))
        assert fails(report.check, world.ports) == "time.backwards"

    def test_no_soak_begins_before_the_deployment_that_began_it(self, world: World) -> None:
        """The log key, with a decision and a `deployed` it kept back: both are signed with their own times."""
        world.broken = True
        append, at = world.log.append, world.clock.at
        world.gate("staging", by=None, ref="shop", config=digest("other"))
        world.clock.advance(hours=25)
        kept: list[Entry] = []
        world.log.append = lambda entry, guard=None: (kept.append(entry), Receipt(index=world.log.head().size))[1]  # type: ignore[func-returns-value]
        gated = gate.gate(world.ports, world.ask("staging"), key("dora"))
        world.log.append = append
        said = say.sign_event(world.deployed(gated.index, "staging"), SHOP, key("dora"))
        decided = world.smuggle(record.read_leaf(kept[0].leaf).event, at=at)
        deployed = world.smuggle(said, at=at)
        seen = project(world.ports, "staging")
        assert (seen.ignored[str(decided)], seen.ignored[str(deployed)]) == ("event.from-future", "deployed.no-permit")
        assert seen.state.environment.occupant() is None

    def test_a_leaf_from_the_future_stops_the_gate(self, world: World, fails: Fails) -> None:
        world.broken = True
        gated = world.gate("staging")
        world.smuggle(world.envelope(gated.index), at=world.clock.at + timedelta(days=1))
        assert fails(world.gate) == "time.behind-log"


def test_documents_that_are_lost(world: World, fails: Fails) -> None:
    world.broken = True
    world.blobs.get_fails = UnreadableError("blob.unreadable", "no")
    assert fails(project, world.ports, "staging") == "document.unreadable"
