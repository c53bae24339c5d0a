"""The tests; also `python -m tests.story`, the story that `make try` plays."""
