"""Does every link of the built site lead somewhere in it, and does no page ask anything of the network?"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    "img": "src",
    "script": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
}
"""What a browser fetches by itself, by tag."""
NOT_FETCHED = {"canonical", "author", "license", "next", "prev", "index", "search"}


@dataclass
class Page(HTMLParser):
    """Anchors, links and loaded files of one page."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what the tag names, links to and loads."""
        told = {name: value or "" for name, value in attributes}
        self.anchors |= {told[name] for name in ("id", "name") if name in told}
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        if (
            tag in LOADED
            and LOADED[tag] in told
            and not set(told.get("rel", "").split()) & NOT_FETCHED
        ):
            self.loaded.append(told[LOADED[tag]])


def broken(site: Path) -> list[str]:
    """Return what is wrong, one line each: `PAGE: TARGET: why`."""
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        told = [(link, _wrong(path, link, pages)) for link in [*page.links, *page.loaded]]
        told += [
            (link, "is fetched from the network") for link in page.loaded if urlsplit(link).netloc
        ]
        found += [
            f"{path.relative_to(site)}: {link}: {why}" for link, why in dict(told).items() if why
        ]
    return found


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _wrong(path: Path, link: str, pages: dict[Path, Page]) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "there is no such file"
    anchor = unquote(parts.fragment)
    return (
        "there is no such anchor"
        if anchor and target in pages and anchor not in pages[target].anchors
        else ""
    )
