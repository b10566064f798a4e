"""What became of what is open no longer: the house's facts once more, from the first leaf."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.app.project import chain, documents, trusted_head
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.identity import PersonId
from lockgate.core.state import House, OpenProposal, State
from lockgate.evidence import history, record
from lockgate.evidence.place import read_roster


def steps(ports: Ports) -> Iterator[tuple[int, House, House]]:
    """Each leaf of the house that changed it: its index, the house before and after.

    Raises:
        LockgateError: as `project`.
    """
    load, state = documents(ports), State()
    for index in reversed([index for index, _ in chain(ports, events.HOUSE, trusted_head(ports).size)]):
        before, state = state.house, history.advance(state, ports.log.leaf(index), index, load, ports.pinned).state
        if state.house != before:
            yield index, before, state.house


def once_enrolled(ports: Ports) -> set[PersonId]:
    """Everybody who is or ever was in a roster in force."""
    load = documents(ports)
    digests = {house.roster.digest for _, _, house in steps(ports) if house.roster is not None}
    return {person.id for digest in digests for person in read_roster(load(digest)).people}


def became(ports: Ports, id_: str) -> str:
    """What became of the proposal with this id, in words; empty where there never was one."""
    said = ""
    for index, before, after in steps(ports):
        proposal = next((one for one in before.proposals if one.id == id_), None)
        if proposal is not None and all(one.id != id_ for one in after.proposals):
            said = _end(ports, index, proposal, after)
    return said


def _end(ports: Ports, index: int, proposal: OpenProposal, after: House) -> str:
    what = f"{proposal.kind} version {proposal.version}"
    current = {"root": after.root, "roster": after.roster, "policy": after.policy}[proposal.kind]
    if current is not None and current.version >= proposal.version:
        if current.digest == proposal.digest:
            return f"{what} was put in force by leaf {index}"
        return f"another {what} was put in force by leaf {index}, and made it void"
    event = record.open_envelope(record.read_leaf(ports.log.leaf(index)).event).event
    match event:
        case events.Rejected():
            return f"{what} was rejected by leaf {index}"
        case events.Withdrawn():
            return f"{what} was withdrawn by leaf {index}"
        case _:
            return f"{what} gave way at leaf {index} to newer proposals"
