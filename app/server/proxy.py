"""Caddy in front of several server processes: where it is found, and what it is told.

A visitor stays at one process by a cookie: its WebSocket, its uploads and the files that it downloads live there. A
visitor without the cookie goes where the fewest connections are open; one whose process has gone moves to another.

Standard library only, in the syntax of Python 3.8: `make run` begins before there is an environment.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COOKIE = "glassbox_server"  # the port follows: several Glassboxes of one machine share their cookies
# Of a request: a file has 5 MB at most (app/.streamlit/config.toml), and its form some bytes more.
STRICT = "max-age=31536000"  # seconds: browsers that came by https once take nothing else for a year
LARGEST = "7MB"
_TOO_LARGE = "^([7-9][0-9]{6}|[0-9]{8,})$"  # a length of as much, known before anything is read
HEALTH = "/_stcore/health"
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"

MISSING = """{variable}={count} needs the program Caddy, which shares the visitors out; no `caddy` is on the PATH.
  Debian, Ubuntu:  sudo apt-get install caddy        Fedora:  sudo dnf install caddy
  Arch:            sudo pacman -S caddy              macOS:   brew install caddy
  elsewhere:       https://caddyserver.com/docs/install
Without {variable} there is one server process, which needs none."""


@dataclass(frozen=True)
class Front:
    """What visitors reach, and the server processes behind it.

    Attributes:
        host, port: where Caddy listens. ports: of the server processes, on this machine's own address.
        name: the host of an https address that Caddy itself has certificates for; "" for plain HTTP.
        proxies: in front of Caddy, addresses or networks: from them alone what was forwarded is believed.
    """

    host: str
    port: int
    ports: tuple[int, ...]
    name: str = ""
    proxies: tuple[str, ...] = ()

    @property
    def cookie(self) -> str:
        """The name of the cookie that keeps a visitor at one process."""
        return f"{COOKIE}_{self.port}"

    @property
    def address(self) -> str:
        """The site's address as a Caddyfile has it."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"https://{name}:{self.port}" if self.name else f"http://:{self.port}"


def find(environment: Mapping[str, str]) -> str | None:
    """Return the path of Caddy, looked up on the PATH of an environment."""
    return shutil.which("caddy", path=environment.get("PATH"))


def dials(front: Front) -> list[str]:
    """Return where the server processes listen."""
    return [f"127.0.0.1:{port}" for port in front.ports]


def mark(secret: str, dial: str) -> str:
    """Return the cookie's value of a server process, as Caddy's policy `cookie` has it: HMAC-SHA-256."""
    return hmac.new(secret.encode(), dial.encode(), hashlib.sha256).hexdigest()


def caddyfile(front: Front, secret: str, log: Path) -> str:
    """Return Caddy's configuration.

    Args:
        secret: by which the cookie's values cannot be guessed, letters and digits. log: the file for its errors.
    """
    return f"{_options(front, log)}\n{_servers(front)}\n{_site(front, secret)}"


def _options(front: Front, log: Path) -> str:
    """Return the options of the whole program."""
    https = "disable_redirects" if front.name else "off"
    return f"""{{
	admin off
	auto_https {https}
	skip_install_trust
	grace_period 1s
	log {{
		level ERROR
		output file "{log.as_posix()}" {{
			roll_size 1MiB
			roll_keep 1
		}}
	}}
}}
"""


def _servers(front: Front) -> str:
    """Return how the server processes are reached.

    Streams are passed on as they come. A process is asked for its health every second; it has ten to answer, as a page
    that computes keeps it waiting.
    """
    return f"""(servers) {{
	to {" ".join(dials(front))}
	health_uri {HEALTH}
	health_interval 1s
	health_timeout 10s
	lb_try_duration 5s
	lb_try_interval 100ms
	flush_interval -1
{_trusted(front)}	transport http {{
		dial_timeout 2s
		keepalive 2s
	}}
}}
"""


def _site(front: Front, secret: str) -> str:
    """Return what visitors reach. Streams are not compressed; everything else is, unless the app has done so."""
    marks = "".join(f"\t\t{dial} {mark(secret, dial)}\n" for dial in dials(front))
    away = "Glassbox does not answer just now. Reload this page in a few seconds."
    strict = f'\theader Strict-Transport-Security "{STRICT}"\n' if front.name else ""
    return f"""{front.address} {{
	bind {front.host}
{strict}	@large header_regexp Content-Length {_TOO_LARGE}
	respond @large "That is too large: a file has 5 MB at most." 413
	request_body {{
		max_size {LARGEST}
	}}
	@whole not path */events */_stcore/stream
	encode @whole zstd gzip

{_metrics(front)}
	map {{http.reverse_proxy.upstream.hostport}} {{glassbox_server}} {{
{marks}	}}
{_cookies(front)}
	@new not header_regexp Cookie (^|;\\s*){front.cookie}=
	reverse_proxy @new {{
		import servers
		lb_policy least_conn
		header_down +Set-Cookie "{front.cookie}={{glassbox_server}}"
	}}
	reverse_proxy {{
		import servers
		lb_policy cookie {front.cookie} {secret}
	}}

	handle_errors {{
		@away expression {{http.error.status_code}} >= 500
		respond @away "{away}" {{http.error.status_code}}
	}}
}}
"""


def _metrics(front: Front) -> str:
    """Return the rules by which each process tells its own figures: /metrics/1, /metrics/2, ..."""
    each = "".join(
        f"\thandle /metrics/{number} {{\n\t\trewrite * /metrics\n\t\treverse_proxy {dial}\n\t}}\n"
        for number, dial in enumerate(dials(front), start=1)
    )
    several = f"There are {len(front.ports)} server processes: /metrics/1 to /metrics/{len(front.ports)}"
    return f'{each}\thandle /metrics {{\n\t\trespond "{several}" 404\n\t}}\n'


def _trusted(front: Front) -> str:
    return f"\ttrusted_proxies {' '.join(front.proxies)}\n" if front.proxies else ""


def _cookies(front: Front) -> str:
    """Return the rules that give the cookie its attributes: no script reads it, no other site sends it along."""

    def rule(matcher: str, attributes: str) -> str:
        found = f"^({front.cookie}=[0-9a-f]+)(;.*)?$"
        return f'\theader {matcher}{{\n\t\tdefer\n\t\tSet-Cookie "{found}" "$1; {attributes}"\n\t}}\n'

    if front.name:
        return rule("", f"{_ATTRIBUTES}; Secure")
    if front.proxies:  # encrypted or not is theirs to say
        forwarded = (
            "\t@encrypted header X-Forwarded-Proto https\n\t@plain not header X-Forwarded-Proto https\n"
        )
        return forwarded + rule("@encrypted ", f"{_ATTRIBUTES}; Secure") + rule("@plain ", _ATTRIBUTES)
    return rule("", _ATTRIBUTES)
