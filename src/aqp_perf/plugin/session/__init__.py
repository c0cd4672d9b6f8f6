"""The pytest session: interrupts, xdist workers, the lock, the screen."""
