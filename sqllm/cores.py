"""How the program shares the machine's cores with others."""

from __future__ import annotations

import os


def share_cores() -> None:
    """Let threads that wait sleep, unless `$OMP_WAIT_POLICY` says otherwise; to be called before torch is loaded.

    OpenMP's threads spin by default: a tenth faster alone, but beside others that keep the cores busy five times slower
    than alone, where it can be two times.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
