"""The checks: from the steps of one article's life to what a standards editor should look at."""
