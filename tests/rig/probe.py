"""Run as a child of a shell: write its arguments and its environment to a file, byte for byte, NUL after each.

`python -I -S probe.py FILE [ARGUMENT...]`; the number of arguments comes first.
"""

import os
import sys

if __name__ == "__main__":
    file, *arguments = map(os.fsencode, sys.argv[1:])
    variables = [name + b"=" + value for name, value in os.environb.items()]
    with open(file + b".part", "wb") as part:  # noqa: PTH123 - pathlib would triple the start-up time
        part.write(b"%d\0" % len(arguments) + b"".join(item + b"\0" for item in arguments + variables))
    os.rename(file + b".part", file)  # noqa: PTH104
