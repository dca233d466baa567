"""HTTP mechanics: bodies, limits, problem documents, pages, paging."""
