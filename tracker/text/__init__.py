"""Pure functions over text: documents, tokens, diffs, what a change means, blame."""
