"""An article's address: the one a reader follows, and the one it is recognised by.

The reader gets the address as the outlet wrote it, made absolute. To tell whether two addresses lead to the
same article, what says where a reader came from is left out, a redirect that carries its target is taken for
the target, and http is https.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

_SPACES: Final = re.compile(r"[\x00-\x20\x7f]+")
# An absolute address that stays as it is: no spaces, quotes, user, port or IPv6 address, no `;` in the path,
# where it starts parameters, and something behind `?` and `#`, which `urljoin` leaves out otherwise.
_ORDINARY: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?:/[!$-&(-:<->@-~]*)?(?:\?[!$-&(-~]+)?(?:#[!#-&(-~]+)?"
)
# One of which the key is all behind the scheme: nothing to leave out or to write otherwise.
_OWN_KEY: Final = re.compile(r"https?:(//([a-z0-9.-]{1,100})/[^?#]+)")
# Parameters that say where a reader came from, and never which article is meant: what miniflux's urlcleaner,
# ClearURLs' global rules and Firefox's query stripping have in common, with those of Indonesian and Russian
# outlets. `source`, `from`, `ref` and `id` alone may well name an article.
_TRACKING: Final = re.compile(
    r"(?:utm|mtm|itm|hmb|piwik|hsa|oly|vero|yadclid|at|guce)_\w+|pk_(?:campaign|kwd|source|medium|cid)"
    r"|(?:fb|g|y|ys|ym|tw|tt|dc|ir|rb_|wicked)?clid|rb_clickid|wickedid|msclkid|[gw]braid|gclsrc|srsltid|igshi?d?"
    r"|_openstat|mc_(?:cid|eid|tc)|mkt_tok|_hsenc|_hsmi|__hs(?:sc|tc|fp)|hsctatracking|sc_cid|_bhlid|_ga|_gl"
    r"|fb_(?:action_ids|action_types|ref|source|comment_id)|campaign_(?:id|medium|name|source|term|content)"
    r"|_branch_(?:match_id|referrer)|cmpid|ocid|smid|smtyp|partner_?rss|from_rss|traffic_?source",
    re.IGNORECASE,
)
# What only tracks when it says that a reader comes from a feed.
_REFERRERS: Final = frozenset({"from", "source", "ref", "src", "via", "partner", "medium", "referrer"})
_FROM_FEEDS: Final = re.compile(r"(?:rss|feeds?|atom|feedburner|google|yandex|ynews)(?:[._-]?\w{0,12})", re.I)
# Where a redirect keeps its target: host (or its end), path, parameter.
_REDIRECTS: Final = (
    ("google.com", "/url", ("url", "q")),
    ("news.google.com", "/", ("url",)),
    ("bing.com", "/news/apiclick.aspx", ("url",)),
    ("facebook.com", "/l.php", ("u",)),
    ("vk.com", "/away.php", ("to",)),
    ("clck.yandex.ru", "/", ("url",)),
    ("news.yandex.ru", "/", ("url", "cl4url")),
    ("dzen.ru", "/", ("url", "cl4url")),
    ("r.search.yahoo.com", "/", ("ru",)),
    ("l.instagram.com", "/", ("u",)),
    ("out.reddit.com", "/", ("url",)),
)
_REDIRECTING: Final = re.compile(  # saves taking every address apart
    r"(?:google|bing|facebook|vk|yandex|dzen|yahoo|instagram|reddit|archive|feedsportal)\."
)
_MAY_REDIRECT: Final = re.compile(rf"https?://[^/]{{0,100}}{_REDIRECTING.pattern}", re.I)
_TARGET_IN_PATH: Final = ("feedsportal.com", "web.archive.org")
_ENCODED_ARTICLE: Final = re.compile(r"/(?:rss/)?articles/(CB[A-Za-z0-9_-]{10,2000})={0,2}\Z")
_URL_INSIDE: Final = re.compile(rb"https?://[\x21-\x7e]{4,}")
_IN_PATH: Final = re.compile(r"/(https?:(?://|%2f%2f).{4,})\Z", re.IGNORECASE)


def absolute(link: str, base: str) -> str:
    """An http or https address, or "" for javascript:, mailto:, and what is none at all."""
    link = link.replace("&amp;", "&")  # escaped twice, as many are
    if is_ordinary(link):  # nearly all; it spares taking the address apart three times
        return link
    link = _SPACES.sub(" ", link).strip(" \"'“”")  # in the quotes of a word processor
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        if parts.scheme and not parts.netloc:  # "https://" alone would become the feed's own address
            return ""
        link = urljoin(base, link.replace(" ", "%20"))
        parts = urlsplit(link)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return ""
    return link if usable else ""


def is_ordinary(link: str) -> bool:
    """Whether it is an absolute http or https address beyond doubt, which `urljoin` would leave as it is."""
    return _ORDINARY.fullmatch(link) is not None


def is_well_formed(link: str) -> bool:
    """Whether `urlsplit` can take an address apart."""
    if is_ordinary(link):
        return True
    try:
        urlsplit(link)
    except ValueError:  # a broken IPv6 address
        return False
    return True


@lru_cache(256)  # an item's guid, its link and its key are mostly one address
def link_key(link: str) -> str:
    """What an absolute address is recognised by: `//host/path?query#fragment` without what only tracks."""
    own = _OWN_KEY.fullmatch(link)
    if own and not _REDIRECTING.search(own[2]):
        return own[1]
    if _MAY_REDIRECT.match(link):
        link = _target(link)
    head, hash_mark, fragment = link.partition("#")
    head, _, query = head.partition("?")
    scheme, _, address = head.partition("://")
    host, slash, path = address.partition("/")
    host = host.lower().removesuffix(":443" if scheme.lower() == "https" else ":80")
    if query:
        query = "&".join(part for part in query.split("&") if part and not _tracks(part))
    if fragment and (
        _tracks(fragment.partition("&")[0]) or ("=" not in fragment and _FROM_FEEDS.fullmatch(fragment))
    ):
        hash_mark = fragment = ""  # `#utm_source=rss`, `#rss`
    return "".join(
        ("//", host, slash if path or query else "", path, f"?{query}" if query else "", hash_mark, fragment)
    )


def _tracks(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if _TRACKING.fullmatch(name):
        return True
    return name.lower() in _REFERRERS and bool(_FROM_FEEDS.fullmatch(value))


def _target(link: str) -> str:
    """The address a redirect leads to, where it stands in the redirect itself; else the address given."""
    parts = urlsplit(link)
    host, path = parts.hostname or "", parts.path
    if host == "news.google.com" and (match := _ENCODED_ARTICLE.search(path)):
        return _decoded(match[1]) or link
    for end, start, names in _REDIRECTS:
        if _is_host(host, end) and path.startswith(start):
            for name, value in parse_qsl(parts.query)[:20]:
                if name in names and value.startswith(("http://", "https://")):
                    return value
    if any(_is_host(host, end) for end in _TARGET_IN_PATH) and (match := _IN_PATH.search(path)):
        return unquote(match[1])
    return link


def _is_host(host: str, end: str) -> bool:
    return host == end or host.endswith(f".{end}")


def _decoded(article: str) -> str:
    """The address inside a Google News article's name, which is base64; since 2024 it is sealed."""
    try:
        inside = base64.urlsafe_b64decode(article + "=" * (-len(article) % 4))
    except (binascii.Error, ValueError):
        return ""
    found = _URL_INSIDE.search(inside)
    if found is None:
        return ""
    start, length = found.start(), inside[found.start() - 1] if found.start() else 0
    if 0 < length < 128:
        return inside[start : start + length].decode("ascii", "ignore")
    return found[0].decode("ascii").partition("\xd2")[0]
