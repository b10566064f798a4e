"""What runs in an environment, as far as it is known: lines for `status`."""

from __future__ import annotations

from datetime import timedelta

from lockgate.core.facts import Stay
from lockgate.core.state import Running, Unclear
from lockgate.render.layout import broken, spread
from lockgate.render.words import BOLD, RED, YELLOW, Sheet, ago, artifacts, called, how_long, painted, plain, when

WHY = {
    "killed": "its command was killed",
    "timed-out": "its command took too long, and was ended",
    "interrupted": "whoever ran it was asked to stop",
    "unfinished": "its end was never told",
}
"""Why nobody knows what a deployment left behind."""


def occupancy_lines(name: str, last: Stay | None, running: Running | None, unclear: Unclear | None, sheet: Sheet) -> list[str]:
    """One environment: what runs since when, by which decision and deployer, how long it soaked so far; and plainly where nobody knows.

    Args:
        name: the environment's.
        last: what runs, or was last known to.
        running: the deployment under way, or that never told its end. unclear: why nobody knows what runs.
        sheet: what it is laid out for.
    """
    lines = [painted(plain(name), BOLD, sheet)]
    if unclear is not None:
        said = f"{painted('UNKNOWN', RED, sheet)} since {when(unclear.since)}: {artifacts(unclear.release)} was to come, and {WHY[unclear.because]}"
        lines += spread(f"  runs      {said}", f"decision {unclear.decision}, said by {called(unclear.by, sheet.names)}", sheet, 12)
        if last is not None:
            lines.append(f"  before    {artifacts(last.release)}, by decision {last.decision}")
    elif last is None:
        lines.append("  runs      nothing that was recorded as deployed")
    else:
        by = f"by {called(last.deployer, sheet.names)}" if last.known == "claimed" else "observed"
        lines += spread(f"  runs      {artifacts(last.release)}", f"decision {last.decision}, {by}", sheet, 12)
        lines.append(f"  since     {when(last.since)}{ago(last.since, sheet)}{_soak(last, running, sheet)}")
    if running is not None:
        late = sheet.now is not None and sheet.now >= running.ends_by
        state = "never told its end, which was due" if late else "has not told its end yet, which is due"
        said = f"{painted('deploys', YELLOW, sheet)}   {artifacts(running.release)} since {when(running.at)}"
        lines += spread(f"  {said}", f"decision {running.decision}, by {called(running.person, sheet.names)}", sheet, 12)
        lines += broken(f"            it {state} {when(running.ends_by)}: until then nobody knows what runs", sheet, 12)
    return lines


def _soak(stay: Stay, running: Running | None, sheet: Sheet) -> str:
    if stay.fell:
        return "; its permit fell while it was deployed, and so it soaks for nothing"
    if sheet.now is None:
        return ""
    until = sheet.now if running is None else max(stay.since, running.at)
    return f"; soaked {how_long(max(0, int((until - stay.since) / timedelta(seconds=1))))}"
