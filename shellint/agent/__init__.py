"""The resident: answers commands for many shells, with what is dear to begin with already begun."""
