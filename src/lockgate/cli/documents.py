"""Policies, rosters and roots as text: what an owner reads before signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lockgate.core.identity import Root


def root_text(root: Root) -> str:
    """A root as lines."""
    from lockgate.render.standing import root_lines

    return "\n".join(root_lines(root))
