"""Options, ini keys, profiles, and the values they come to."""
