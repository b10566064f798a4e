from __future__ import annotations

import pytest

from lockgate.adapters.sources.registry_network import kind_of


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.0.0.2", "private"),
        ("fd12:3456::1", "private"),
        ("93.184.216.34", "public"),
        ("2606:4700::1111", "public"),
        ("2002:5db8:d822::1", "public"),
        *(
            (address, "nowhere")
            for address in (
                "169.254.169.254", "fe80::1", "fec0::1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.88.99.1",
                "198.18.0.1", "240.0.0.1", "255.255.255.255", "0.0.0.1", "3fff::1", "224.0.0.1",
                # Tunnels leave the machine, whatever address they hold.
                "2002:7f00:1::9", "2002:0a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:4136:e378:8000:63bf:80ff:fffe",
            )
        ),
    ],
)  # fmt: skip
def test_what_sort_of_address(address: str, kind: str) -> None:
    assert kind_of(address) == kind
