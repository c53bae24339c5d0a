"""Where long-term keys may lie already: one file for each kind of place, which reads them and changes nothing."""
