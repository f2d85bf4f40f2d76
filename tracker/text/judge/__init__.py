"""What a change means to a reader: facts, slips, standing text, rules, and the score."""
