"""`python -I -S .../shellint/client.py COMMAND...`: the lean front door (lean.py), which Python keeps compiled."""

import sys

sys.path.append(__file__.rpartition("/shellint/")[0] or "/")

from shellint.lean import run

run()
