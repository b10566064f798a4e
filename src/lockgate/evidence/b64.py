"""Base64 (RFC 4648), read strictly: one text, one meaning.

Python's own decoder lets the unused bits of the last character be anything; then two texts would stand for the same
bytes. Here the bytes must encode to the very text again.
"""

from __future__ import annotations

import base64
import binascii


def decode(text: str) -> bytes:
    """Standard base64, padded, without white space.

    Raises:
        ValueError: for anything else, unused bits that are not zero among it.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("this is not base64") from None
    if encode(data) != text:
        raise ValueError("this is not the base64 of any bytes: its unused bits are set")
    return data


def decode_either(text: str) -> bytes:
    """Standard or URL-safe base64, padded or not, as DSSE has it; never a mixture of the alphabets.

    Raises:
        ValueError: as `decode`.
    """
    if "-" in text or "_" in text:
        if "+" in text or "/" in text:
            raise ValueError("this mixes the two alphabets of base64")
        text = text.replace("-", "+").replace("_", "/")
    return decode(text if "=" in text else text + "=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    """Standard base64, padded."""
    return base64.b64encode(data).decode("ascii")
