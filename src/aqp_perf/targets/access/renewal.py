"""How the user renews expired credentials."""

import os
from typing import Any

import botocore.session

RENEW = "renew them"


def how_to_renew(profile: str | None) -> str:
    """Return what to do, as in "renew them with 'aws sso login --profile load'".

    Args:
        profile: of the user's AWS configuration; None means boto3's own choice.

    Raises:
        ProfileNotFound, ConfigParseError: as botocore does.
    """
    if profile is None and "AWS_ACCESS_KEY_ID" in os.environ:
        names = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        return f"{RENEW} in {names}"
    session = botocore.session.Session(profile=profile)
    profiles: dict[str, Any] = session.full_config["profiles"]
    name = session.profile or "default"
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        settings = profiles[name]
        if "sso_session" in settings or "sso_start_url" in settings:
            return f"{RENEW} with 'aws sso login --profile {name}'"
        if "login_session" in settings:
            return f"{RENEW} with 'aws login --profile {name}'"
        name = settings.get("source_profile", name)
    return f"{RENEW} where profile {name!r} has them from" if name in profiles else RENEW
