"""How a publisher words and dates things: styles, clock, notes, changelog, footer, drafts."""
