"""Re-rank embeddings with `top_k`: a coarse pass over all, block by block, then an exact one over the best.

The coarse pass compares vectors of half the precision and keeps 200 candidates in a `RunningTopK`, so that the scores
of all vectors never stand in memory at once. The second one scores the candidates in full, with a prior for recent
documents as `bias` and a filter as `where`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fastcore

Array = np.ndarray[Any, np.dtype[Any]]
BLOCK = 4096


def candidates(vectors: Array, query: Array, count: int) -> Array:
    """Return the indices of the vectors that are nearest by the coarse score."""
    best = fastcore.RunningTopK(count)
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK].astype(np.float16).astype(np.float32)
        best.push(block @ query, base=start)
    return best.result().indices


def rerank(vectors: Array, query: Array, allowed: Array, prior: Array, k: int) -> Array:
    """Return the indices of the k best vectors, the best first."""
    few = candidates(vectors, query, max(k, 200))
    scores = vectors[few] @ query
    chosen = fastcore.top_k(scores, k, where=allowed[few], bias=prior[few].astype(scores.dtype))
    indices: Array = few[chosen.indices]
    return indices


def main() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((20_000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = vectors[1234] + 0.05 * rng.standard_normal(64).astype(np.float32)
    allowed = np.ones(len(vectors), bool)
    prior = np.zeros(len(vectors), np.float32)
    print(rerank(vectors, query, allowed, prior, 5))


if __name__ == "__main__":
    main()
