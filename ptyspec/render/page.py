"""Markdown that the project wrote, as one HTML page that needs no other file: for phones, dark and light, no script."""

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

Status = Literal["right", "doubtful", "wrong", "incomplete", "ok", "violation"]
WORDS: dict[Status, str] = {
    "right": "right",
    "doubtful": "doubtful",
    "wrong": "wrong",
    "ok": "nothing wrong was found",
    "violation": "something is wrong",
    "incomplete": "incomplete evidence",
}
FIGURE = Markup(
    '<figure><img src="{source}" alt="{caption}" loading="lazy"><figcaption>{caption}</figcaption></figure>'
)
MISSING = Markup("<p>The picture {caption} is not in the folder of this page.</p>")


def page(markdown: str, folder: Path, status: Status, word: str = "") -> str:
    """Return the page that shows `markdown`, its pictures (PNG below `folder`) held inside.

    `word`: what stands for the status, if not the usual words.
    Whatever the Markdown holds, raw HTML in it is shown as text, and the page's policy lets a browser load nothing and
    run nothing. The numbers are those of the Markdown: nothing is computed here.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    headings: dict[str, str] = {}
    for token, title in _headings(tokens, "h2"):
        anchor = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
        anchor = anchor if anchor not in headings else f"{anchor}-{len(headings)}"
        token.attrSet("id", anchor)
        headings[anchor] = title
    body = reader.renderer.render(_with_pictures(tokens, folder), reader.options, {})
    # A wide table scrolls by itself, by finger and by arrow keys; the page does not.
    wide = '<div class="wide" tabindex="0" role="region" aria-label="table"><table>'
    body = body.replace("<table>", wide).replace("</table>", "</table></div>")
    body = body.replace("<th></th>", "<td></td>")
    templates = Environment(loader=PackageLoader("ptyspec.render"), autoescape=True)
    return templates.get_template("page.html.j2").render(
        title=next((text for _, text in _headings(tokens, "h1")), "ptyspec"),
        headings=headings,
        body=Markup(body),
        status=status,
        word=word or WORDS[status],
    )


def _headings(tokens: Sequence[Token], tag: str) -> Iterator[tuple[Token, str]]:
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == tag:
            yield token, _plain(tokens[place + 1])


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _with_pictures(tokens: Sequence[Token], folder: Path) -> list[Token]:
    """Put a figure with its caption in the place of each paragraph that is one picture."""
    out: list[Token] = []
    for token in tokens:
        children = token.children or []
        if token.type == "inline" and len(children) == 1 and children[0].type == "image":
            out[-1] = Token("html_block", "", 0, content=_figure(children[0], folder))
        elif token.type == "paragraph_close" and out[-1].type == "html_block":
            continue
        else:
            out.append(token)
    return out


def _figure(image: Token, folder: Path) -> str:
    caption = _plain(image)
    path = (folder / unquote(str(image.attrGet("src") or ""))).resolve()
    if path.suffix != ".png" or not path.is_relative_to(folder.resolve()) or not path.is_file():
        return MISSING.format(caption=caption)
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return FIGURE.format(source=f"data:image/png;base64,{content}", caption=caption)
