"""The profile of the user's AWS configuration with which boto3 signs."""

import os
from typing import Final

import botocore.session
from botocore.exceptions import BotoCoreError, ProfileNotFound

from aqp_perf.errors import InvalidOption

_VARIABLES: Final = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In the order in which botocore looks for them; an empty one counts, too."""


def check_profile(profile: str | None, named_by: str = "--perf-aws-profile") -> None:
    """Check that the AWS configuration has the profile that boto3 would use.

    A configuration that cannot be read is reported where boto3 needs it.

    Args:
        profile: None: the one that the environment names, if it does.
        named_by: what gave ``profile``, for the message.

    Raises:
        InvalidOption: it has no such profile.
    """
    session = botocore.session.Session(profile=profile)
    try:
        session.get_scoped_config()
    except ProfileNotFound as exc:
        if profile is None:
            named_by = next(name for name in _VARIABLES if name in os.environ)
        known = ", ".join(session.available_profiles) or "none at all"
        hint = f"no such profile in your AWS configuration, which has {known}"
        raise InvalidOption(named_by, session.profile, hint) from exc
    except BotoCoreError:
        return
