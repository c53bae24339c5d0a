"""The ways to get credentials: one file each, all of them over the one STS client of `sts.py`."""
