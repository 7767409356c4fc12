"""Cookies that bring a client back to the same target, or to the same target group of a weighted forward.

Source: Application Load Balancer user guide, "Sticky sessions for your Application Load Balancer" (read 2026-11-21).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from http.cookies import SimpleCookie
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from multidict import CIMultiDict

from opencode_local.balancer.target_groups import TargetGroup

TARGET_COOKIE, APP_COOKIE, GROUP_COOKIE = "AWSALB", "AWSALBAPP-0", "AWSALBTG"
DAY_S = 86_400
APP_COOKIE_LIFE_S = 7 * DAY_S


class Stickiness:
    """Writes and reads the cookies of one load balancer. Their keys end with it; `clock` is that of the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._fernet = Fernet(Fernet.generate_key())

    def target_id(self, group: TargetGroup, cookies: Mapping[str, str]) -> str | None:
        """The target that the client's cookies name; None where there are none that hold."""
        settings = declared(group)
        if not settings:
            return None
        if settings.get("type") == "app_cookie" and settings.get("cookieName") not in cookies:
            return None
        name = APP_COOKIE if settings.get("type") == "app_cookie" else TARGET_COOKIE
        found = self._read(cookies.get(name), life_s(settings))
        return found["target"] if found and found.get("group") == group.arn else None

    def target_cookies(
        self, group: TargetGroup, target_id: str, answer: CIMultiDict[str], *, is_encrypted: bool
    ) -> list[str]:
        """What is set beside the target's answer, with these headers."""
        settings = declared(group)
        if not settings:
            return []
        value = self._written({"group": group.arn, "target": target_id})
        if settings.get("type") != "app_cookie":
            return self._pair(TARGET_COOKIE, value, life_s(settings), is_encrypted=is_encrypted)
        if not sets_cookie(answer, str(settings.get("cookieName"))):
            return []
        return [self._cookie(APP_COOKIE, value, APP_COOKIE_LIFE_S)]

    def group_arn(self, forward: Mapping[str, Any], cookies: Mapping[str, str]) -> str | None:
        """The target group of a weighted forward that the client's cookie names."""
        settings = forward.get("stickiness") or {}
        found = self._read(cookies.get(GROUP_COOKIE), life_s(settings)) if settings.get("enabled") else None
        return found.get("group") if found else None

    def group_cookies(self, forward: Mapping[str, Any], arn: str, *, is_encrypted: bool) -> list[str]:
        settings = forward.get("stickiness") or {}
        if not settings.get("enabled"):
            return []
        return self._pair(GROUP_COOKIE, self._written({"group": arn}), life_s(settings), is_encrypted=is_encrypted)

    def _pair(self, name: str, value: str, life_s: int, *, is_encrypted: bool) -> list[str]:
        """The cookie, and the same once more for browsers' requests to other origins."""
        cross_origin = self._cookie(f"{name}CORS", value, life_s) + "; SameSite=None"
        return [self._cookie(name, value, life_s), cross_origin + ("; Secure" if is_encrypted else "")]

    def _cookie(self, name: str, value: str, life_s: int) -> str:
        return f"{name}={value}; Expires={formatdate(self._clock() + life_s, usegmt=True)}; Path=/"

    def _written(self, content: Mapping[str, str]) -> str:
        sealed = self._fernet.encrypt_at_time(json.dumps(content).encode(), int(self._clock()))
        return sealed.decode().replace("=", ".")

    def _read(self, value: str | None, life_s: int) -> dict[str, Any] | None:
        if not value:
            return None
        try:
            opened = self._fernet.decrypt_at_time(value.replace(".", "=").encode(), life_s, int(self._clock()))
        except InvalidToken:
            return None
        content: dict[str, Any] = json.loads(opened)
        return content


def declared(group: TargetGroup) -> Mapping[str, Any]:
    """Its settings; nothing where stickiness is off."""
    settings = group.properties.get("stickiness") or {}
    return settings if settings and settings.get("enabled") is not False else {}


def life_s(settings: Mapping[str, Any]) -> int:
    """A day where nothing is declared."""
    return int(settings.get("cookieDuration") or settings.get("duration") or DAY_S)


def sets_cookie(answer: CIMultiDict[str], name: str) -> bool:
    lines: Sequence[str] = answer.getall("Set-Cookie", ())
    return any(name in SimpleCookie(line) for line in lines)
