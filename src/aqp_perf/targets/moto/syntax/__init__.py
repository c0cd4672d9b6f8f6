"""PartiQL text to a frozen statement."""
