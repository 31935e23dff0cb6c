"""Makes the static site: lessons with folded solutions, pages, search."""
