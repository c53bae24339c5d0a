"""What `doctor` looks at: one file for each thing that can be wrong, each check a function that changes nothing."""
