"""What owners read before they approve a root holds every field of it."""

from __future__ import annotations

from build import digest, key, later, root
from lockgate.cli.documents import root_text
from lockgate.core.identity import Root, Witnesses, fingerprint


def test_roots_that_differ_read_differently() -> None:
    others = {
        "version": 2,
        "threshold": 2,
        "owners": (key("owner").public, key("second").public),
        "log": "example.com/other+00000000+AA==",
        "permit": key("next permit").public,
        "genesis": digest("another"),
        "expires": later("9d"),
        "previous": digest("root 1"),
        "witnesses": Witnesses(quorum=1, keys=("w.example+00000000+AA==",)),
    }
    assert set(others) == set(Root.__struct_fields__)
    base = root(owners=(key("owner").public, key("third").public))
    for name, value in others.items():
        given = {field: getattr(base, field) for field in Root.__struct_fields__}
        assert root_text(Root(**{**given, name: value})) != root_text(base), name
    shown = root_text(root(**{**others, "threshold": 1}))
    assert fingerprint(key("next permit").public) in shown
    assert digest("root 1") in shown
    assert "1 of these must cosign:\n  w.example+00000000+AA==" in shown
