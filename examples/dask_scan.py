"""Search logs and analyse MIDI files on two processes of a dask cluster: `python examples/dask_scan.py FOLDER QUERY`.

The same lines work with a cluster of many machines that see the files at the same paths: give `Client` its address.
"""

from __future__ import annotations

import sys

import fastcore


def search(folder: str, query: str, workers: int = 2) -> fastcore.Hits:
    """Return the very hits of a local scan, found by worker processes."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return fastcore.scan(folder, query, executor=client.get_executor())


def main() -> None:
    hits = search(sys.argv[1], sys.argv[2])
    print(f"{hits.stats.matches} matches in {hits.stats.files} files, by {hits.stats.threads} workers")
    for hit in hits[:5]:
        print(f"{hit.path}:{hit.line}  {hit.text[:60]!r}")


if __name__ == "__main__":
    main()
