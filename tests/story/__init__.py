"""What `make try` runs: `python -m tests.story`. On a terminal an invitation, without one the whole story, checked.

house        a throw-away home and an AWS of its own       device    the MFA device of that home: the command `mfa`
invitation   an interactive shell in that home             stage     type in a shell, print what it shows, check
story        the steps, each with what must be true after  picture   docs/demo.svg, from a real run
words        what is typed differently in each shell
"""
