"""Who may come in: the browser of the person who started the program, from its own page.

Other programs and other users of this machine, and pages of other sites in the same browser, can
reach a port of the loopback. What stops them:

- **Host** must be ours, so that a name that a stranger made to point here is refused (DNS
  rebinding).
- **Origin** must be ours where it is sent, and it must be sent with every POST; Sec-Fetch-Site must
  say that a request comes from our page, or from the person's own hand.
  One request may come without: the form that opens the page stands in a file, whose origin
  browsers call "null" (`tagger.review.entrance`); what lets it in is the token that it sends.
- A **cookie**, HttpOnly and SameSite=Strict, is asked for before anything of the library is shown
  or done. It is given once, in exchange for an unguessable token.
  Cookies know no ports, so its path is unguessable too: a server at another port of this machine
  is never sent it.
- Every answer forbids others to embed, frame, sniff or store it.

Sources: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet; W3C, Fetch Metadata Request
Headers; RFC 6265, section 8.5 (weak confidentiality of cookies between ports).
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "musictag_review"
_TOKEN_BYTES = 32
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Keys:
    """What lets a browser in. The token is good for one use, the cookie until the program ends."""

    def __init__(self) -> None:
        self.folder = secrets.token_urlsafe(_TOKEN_BYTES)  # the path of everything
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._cookie = secrets.token_urlsafe(_TOKEN_BYTES)

    @property
    def open_path(self) -> str:
        """The path to which the token is sent."""
        return f"/{self.folder}/open"

    @property
    def link(self) -> str:
        """The path that lets the first one in who asks for it."""
        return f"{self.open_path}?token={self.token}"

    def exchange(self, token: str) -> str | None:
        """The cookie for the token; None if it is not the token, or was used before."""
        if not (self.token and hmac.compare_digest(token.encode(), self.token.encode())):
            return None
        self.token = ""
        return self._cookie

    def admits(self, headers: Headers) -> bool:
        """Whether a request has the cookie."""
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(
            found.value.encode(), self._cookie.encode()
        )


class Gate:
    """Refuses what must not come in, and tells browsers what they must not do with the rest."""

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self._app, self._keys = app, keys
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return
        why = self._refusal(scope)
        answer = PlainTextResponse(f"refused: {why}\n", 403) if why else self._app

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        await answer(scope, receive, sealed)

    def _refusal(self, scope: Scope) -> str:
        """Why a request is refused; empty if it is not."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        inner = scope["path"].startswith(f"/{self._keys.folder}/api/")
        if host not in self._hosts:
            return "this is not the host's name"
        opens = scope["method"] == "POST" and scope["path"] == self._keys.open_path
        if origin not in (None, f"http://{host}") and not (opens and origin == "null"):
            return "it comes from another page"
        if scope["method"] not in ("GET", "HEAD") and origin is None:
            return "it does not say which page it comes from"
        if not (_from_our_page(headers) or (_opens_page(headers) and not inner)):
            return "it comes from another site"
        if inner and not self._keys.admits(headers):
            return "open the page by the link that musictag shows"
        return ""


def _from_our_page(headers: Headers) -> bool:
    """By the word of the browser; those of before 2023 that say nothing are held by the rest."""
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _opens_page(headers: Headers) -> bool:
    """Whether somebody followed a link to us: from a mail, say. The cookie does not come along."""
    how = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
    return how == ("navigate", "document")
