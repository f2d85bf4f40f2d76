"""The command ``tracker``, and ``python -m tracker``."""

import signal

# Until a command begins there is nothing to clean up: an interrupt just ends the process.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from tracker.cli import main

if __name__ == "__main__":
    main()
