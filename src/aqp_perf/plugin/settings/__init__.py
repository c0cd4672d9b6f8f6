"""Options, ini keys and profiles, and the settings that they make up."""
