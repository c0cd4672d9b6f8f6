"""What several folders of tests share."""

from hypothesis import settings

pytest_plugins = ["pytester"]
# A neighbour on the same core is no slow code. The parent is what hypothesis itself chose: CI has
# a profile of its own.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")
