"""Search session logs from a FastAPI app: `python examples/log_service.py FOLDER`, then /search?q=timeout.

`search` is the whole of it: what the app adds is HTTP. Searches run on FastAPI's own threads, where they release the
GIL; a bad query is answered with 422 and the place of the fault.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import fastcore


def search(folder: str | os.PathLike[str], query: str, since: str | None = None, limit: int = 20) -> dict[str, Any]:
    """Return the newest matching records, and what the search did, as JSON has them."""
    hits = fastcore.scan(folder, query, since=since, limit=limit, timeout=5.0)
    shown = [
        {"path": hit.path, "line": hit.line, "time": hit.time and hit.time.isoformat(), "text": hit.text[:500]}
        for hit in hits
    ]
    return {"matches": hits.stats.matches, "timed_out": hits.stats.timed_out, "hits": shown}


def app_for(folder: str | os.PathLike[str]) -> Any:
    """Return the app that searches a folder."""
    from fastapi import FastAPI, HTTPException, Query

    app = FastAPI(title="Session logs")

    def answer(q: str = Query(max_length=1000), since: str | None = None, limit: int = Query(20, le=200)) -> Any:
        try:
            return search(folder, q, since, limit)
        except fastcore.QueryError as error:
            raise HTTPException(422, {"message": error.message, "column": error.column}) from None

    # Annotations are text here, which FastAPI would look for among the names of the module.
    answer.__annotations__ = {"q": str, "since": str | None, "limit": int, "return": Any}
    app.add_api_route("/search", answer)
    return app


def main() -> None:
    folder = sys.argv[1]
    try:
        import uvicorn
    except ImportError:
        print(search(folder, " ".join(sys.argv[2:])))
        return
    uvicorn.run(app_for(folder))


if __name__ == "__main__":
    main()
