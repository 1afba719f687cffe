"""`top_k` and `RunningTopK`: the compiled objects themselves."""

from __future__ import annotations

from fastcore._native.topk import RunningTopK, TopK, top_k

__all__ = ["RunningTopK", "TopK", "top_k"]

RunningTopK.__module__ = "fastcore"
