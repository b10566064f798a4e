"""Findings weighed: whose word counts, which findings it passes over, and how one is told in an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lockgate.core.facts import Vouched
from lockgate.core.findings import Exploitability, Finding
from lockgate.core.identity import EvidenceKey, Name, fingerprint


def vouched(one: Vouched, keys: Sequence[Name], identities: Sequence[Name], known: Mapping[Name, EvidenceKey]) -> bool:
    """Whether one of these keys of the policy's signed it, or the holder of one of these identities."""
    return not {fingerprint(known[name]) for name in keys}.isdisjoint(one.keys) or (one.by is not None and not set(one.by.names).isdisjoint(identities))


def passed_over(finding: Finding, said: Iterable[Exploitability]) -> bool:
    """Whether these statements, all by signers who count, say that this weakness does not concern this component: not affected, or fixed.

    The newest word on it counts, by its maker's own time; one that says affected, or that it is being looked at, wins over one of the same time,
    and wherever one of both has none. Of what packs several weaknesses together, each has to be passed over; so has each of several CVEs that
    an advisory calls its aliases, unless the advisory itself is named.
    """
    about = [one for one in said if one.subject == finding.subject and _means(one, finding.component)]
    cves = {id_ for id_ in (finding.advisory, *finding.aliases) if id_.startswith("CVE-")}
    if len(cves) < 2:
        settled = _settled(about, {finding.advisory, *finding.aliases})
    else:
        settled = (finding.advisory not in cves and _settled(about, {finding.advisory})) or all(_settled(about, {id_}) for id_ in cves)
    if settled:
        return True
    return bool(finding.upstream) and all(_settled(about, {id_}) for id_ in finding.upstream)


def _means(one: Exploitability, component: str) -> bool:
    """Whether it is about the component: by its purl, in this version or in every one; or about the artifact as a whole."""
    return not one.components or any(component == purl or component.startswith((f"{purl}@", f"{purl}?")) for purl in one.components)


def _settled(about: Iterable[Exploitability], ids: set[str]) -> bool:
    of = [one for one in about if not ids.isdisjoint(one.ids)]
    harmless = [one for one in of if one.status in {"not_affected", "fixed"}]
    against = [one for one in of if one not in harmless]
    if not harmless or not against:
        return bool(harmless)
    newest = [one.at for one in harmless if one.at is not None]
    dated = [one.at for one in against if one.at is not None]
    return len(dated) == len(against) and bool(newest) and max(newest) > max(dated)


def line(one: Finding) -> str:
    """A finding as a parameter: its name, level, component and fixes, with a space between; ``+exploited`` behind the level where it is."""
    name = next((alias for alias in (one.advisory, *one.aliases) if alias.startswith("CVE-")), one.advisory)
    level = f"{one.level}+exploited" if one.kev else one.level
    return " ".join((_word(name), level, _word(one.component) or "-", *filter(None, map(_word, one.fixed_in[:3]))))


def _word(text: str) -> str:
    """Text without white space, of bounded length."""
    return "".join(each for each in text if each.isprintable() and each != " ")[:200]
