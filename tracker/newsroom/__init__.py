"""The use cases: functions over a ``Workspace``; ``Newsroom`` is the facade on top of them."""
