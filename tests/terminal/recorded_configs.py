"""A provider's configuration as a file that was read: comments, two routers, one pool of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from mktui.config.save import Seen
from tests.terminal.recorded import RecordedServices

TEXT: Final = """# isp-north, since 2019
[pool]
min_size = 3                    # connections kept open
max_size = 8                    # max-sessions of /ip/service is 20
acquire_timeout = 8
health_check_interval = 20
circuit_breaker_threshold = 3
retry_attempts = 5
batch_size = 15

[ui]
theme = "noc-dark"

[billing]
database = "mariadb://mktui:hunter3@db.isp-north.example/billing"

[[billing.sources]]
name = "phpnuxbill"
kind = "phpnuxbill"
url = "mariadb://reader:hunter4@127.0.0.1/phpnuxbill"

[sync.limits]
delete_percent = 5

[[routers]]
name = "edge-1"
host = "10.0.0.1"
password = { env = "EDGE1_PW" }
tls = "verify"
protected = true                # half the town hangs on it

[[routers]]
name = "hotspot-plaza"
host = "10.0.7.3"
password = "hunter2"

# an old board: spare it
[routers.pool]
min_size = 1
max_size = 2
"""


SEEN: Final = Seen(Path("/etc/mktui/config.toml"), TEXT, None)


def with_file(text: str = TEXT) -> RecordedServices:
    """The recorded fleet with this file."""
    return RecordedServices(config=replace(SEEN, text=text))
