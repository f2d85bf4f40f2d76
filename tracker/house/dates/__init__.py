"""Dates and times: typed by an editor, found in a text, written in house style; names of zones."""
