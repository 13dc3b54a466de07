"""What was read so far: `search`, `preview`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.frame import AsJson, concepts_of, fail, print_json, progress_bar, run_to_end, settings_of
from bot.errors import RarewatchError


def search(
    query: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="All of them, in any form and language.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Search the archive of wanted articles, in the original and in English."""
    from bot.delivery.render import clean, local_time, safe_url
    from bot.language.words import search_terms
    from storage import search as archive
    from storage.database import Database

    settings = settings_of()
    terms = search_terms(" ".join(query))
    if not terms:  # without a word to look for, everything would be found
        fail(RarewatchError("WORDS", "there is no word in it to look for"), code=2)

    async def work() -> None:
        database = Database(settings.database_url.get_secret_value())
        try:
            await database.upgrade()
            async with database.read() as session:
                rows = await archive.matching(session, terms, limit=limit)
                anything = rows or await archive.newest(session, limit=1)
        finally:
            await database.close()
        for article, feed in rows:
            published = article.published_at or article.fetched_at
            if as_json:
                print_json(
                    {
                        "id": article.id,
                        "title": article.english_title or article.title,
                        "original": article.title,
                        "language": article.language,
                        "source": feed.name,
                        "published": published.isoformat().replace("+00:00", "Z"),
                        "url": article.url,
                        "translator": article.translator,
                    }
                )
                continue
            typer.secho(clean(article.english_title or article.title), bold=True)
            if article.english_title:
                typer.echo(f"  {clean(article.title)}")
            facts = [clean(feed.name), local_time(published, "UTC"), _credit(article.translator)]
            typer.echo(f"  {' · '.join(filter(None, facts))}")
            if url := safe_url(article.url):
                typer.echo(f"  {url}")
        if not rows and not as_json:
            empty = "" if anything else " Nothing was read so far: `rarewatch run` fills the archive."
            typer.echo(f"Nothing found.{empty}", err=True)

    run_to_end(work())


def preview(
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="What `/subscribe` would be given.")],
    as_json: AsJson = False,
) -> None:
    """How many alerts the last seven days would have brought for a query, with examples."""
    from bot.app import utc_now
    from bot.delivery.render import clean, local_time, safe_url
    from bot.matching.explain import describe
    from bot.matching.query import parse_query
    from bot.preview import Preview, about, preview_json
    from bot.preview import preview as look_back
    from storage.database import Database

    settings = settings_of()
    progress = progress_bar()

    async def work() -> Preview:
        concepts = concepts_of(settings)
        parsed = parse_query(" ".join(query), concepts)
        database = Database(settings.database_url.get_secret_value())
        try:
            await database.upgrade()
            with progress:
                bar = progress.add_task("looking back", total=None)
                return await look_back(
                    database,
                    parsed,
                    concepts,
                    now=utc_now(),
                    progress=lambda done, total: progress.update(bar, completed=done, total=total),
                )
        finally:
            await database.close()

    result = run_to_end(work())
    if as_json:
        for row in preview_json(" ".join(query), result):
            print_json(row)
        return
    for line in about(result, zone="UTC"):
        typer.echo(line)
    for example in result.examples:
        typer.echo("")
        typer.secho(clean(example.title), bold=True)
        if example.title != example.original:
            typer.echo(f"  {clean(example.original)}")
        facts = [clean(example.source), local_time(example.published, "UTC"), _credit(example.translator)]
        typer.echo(f"  {' · '.join(filter(None, facts))}")
        typer.echo(f"  {describe(example.why)}")
        if url := safe_url(example.url):
            typer.echo(f"  {url}")


def _credit(translator: str | None) -> str:
    from bot.delivery.render import clean
    from bot.translation.credits import translated_by

    who = clean(translated_by(translator))
    return f"translated by {who}" if who else ""
