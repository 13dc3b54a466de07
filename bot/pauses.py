"""Short pauses of Python's garbage collector in a process that runs for weeks."""

from __future__ import annotations

import gc


def keep_pauses_short() -> None:
    """Leaves what has been loaded until now out of every later search for garbage.

    The collector stops everything while it walks through all there is: a tenth of a second and more, over
    and over, once the program, its dictionaries and concepts are loaded, and none of these is ever garbage.
    To be called once a process, when it is ready; what is garbage by then is collected first.
    """
    gc.collect()
    gc.freeze()
