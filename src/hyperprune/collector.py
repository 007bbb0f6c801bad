"""Python's cyclic garbage collector beside long work.

It walks hundreds of thousands of objects of imported modules again and again, and finds them in use.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports_unwalked() -> Iterator[None]:
    """Inside, the collector leaves alone what exists now; what is made inside is collected as ever.

    Nothing happens where objects are frozen already, for they are somebody else's.
    """
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
