"""An OCI layout `multi` in the working directory, of three indexes.

Tag 1 is for two platforms; tag 2 lies about one of its images; tag 3 lists something that is no manifest.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from layouts import Layout

layout = Layout(Path("multi"))


def listed(platform: str, said: str) -> dict[str, Any]:
    os_, _, architecture = said.partition("/")
    return {**layout.manifest(f"the shop for {platform}\n".encode(), platform=platform), "platform": {"os": os_, "architecture": architecture}}


amd64, arm64 = listed("linux/amd64", "linux/amd64"), listed("linux/arm64", "linux/arm64")
layout.index(amd64, arm64, tag="1")
layout.index(amd64, listed("linux/s390x", "linux/arm64"), tag="2")
layout.index(amd64, {**arm64, "mediaType": "application/vnd.example.image.v9+json"}, tag="3")
