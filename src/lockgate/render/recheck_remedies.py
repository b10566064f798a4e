"""What to do about each code of rechecks and of alerts; as `remedies`."""

from __future__ import annotations

RECHECKS: dict[str, str] = {
    "alert.bad-command": "write it as --alert-command 'COMMAND ARGUMENT'",
    "alert.bad-key": "make one: openssl rand -hex 32 > FILE",
    "alert.bad-url": "name https://HOST/PATH with --alert-url or LOCKGATE_ALERT_URL",
    "alert.cursor-unreadable": "remove alerts-told from the gate's directory: all alerts are told once more",
    "alert.cursor-unwritable": "make room in the gate's directory, or give this account leave to write there",
    "alert.not-delivered": "mend what takes the alerts, and run lockgate recheck again",
    "alert.two-ways": "leave out --alert-command or --alert-url, and LOCKGATE_ALERT_COMMAND or LOCKGATE_ALERT_URL",
    "recheck.no-permit": "lockgate log check",
    "recheck.other-release": "lockgate log check",
}
