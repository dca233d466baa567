"""A container's health check: asks the service in it whether events flow. Standard library only, and quick to start."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

SECONDS_MAX = 5


def main() -> int:
    """0 when the answer is 2xx, else 1 with the service's own words, which `docker inspect` shows."""
    url = f"http://127.0.0.1:8000{os.environ['KINERJA_HEALTH_PATH']}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS_MAX):
            return 0
    except urllib.error.HTTPError as error:
        sys.stderr.write(error.read(500).decode(errors="replace"))
    except OSError as error:
        sys.stderr.write(f"no answer: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
