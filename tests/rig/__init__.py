"""Real shells for the tests: a terminal to type in and read from, scripts, the processes they start.

kinds        the shells, one row each          environment  what a shell starts with, nothing from outside
shell        type at a prompt, read the screen script       run a text without a terminal
processes    which processes a shell started   programs     a program the tests cannot do without
tmux         windows of a tmux to type in
"""
