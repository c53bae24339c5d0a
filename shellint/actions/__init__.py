"""What `vault` can do, as functions from a Request to a Reply: none reads the process's world, prints or exits."""
