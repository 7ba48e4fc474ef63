"""Pages and what binds them into a book: made in parallel, kept by content, with front and back matter."""
