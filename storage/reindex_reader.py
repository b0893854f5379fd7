"""Who reads the files of a reindex: a thread, or where there are files and processor cores enough, a process beside us.

Reading and writing are each half of the work, and threads of one process would take turns at it, with a pause at every
turn. The process gets a folder on its command line, writes pickled batches to its standard output and ends when nobody
takes them any more, so it does not outlive us however we end.

    python -m storage.reindex_reader ROOT FILES_OF_A_BATCH
"""

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from storage.reindex_batches import Batch, batches
from vocabulary.errors import CentralitaError

MANY: Final = 10_000
"""Files from which on a process is worth its start."""
RARELY: Final = (100_000, 20, 20)
"""When the cycle collector looks: a batch is many objects and no cycles, and looking cost a quarter of the time."""


class ReaderDied(CentralitaError):
    """The process that reads the files was ended by somebody; what is indexed by then is right, the rest is missing."""

    retryable = True


def is_worth_a_process(files: int) -> bool:
    """Tell whether so many files are to be read beside us, on this machine."""
    return files >= MANY and len(os.sched_getaffinity(0)) > 1


@contextmanager
def reading(root: Path, size: int, *, beside: bool) -> Iterator[Iterator[Batch]]:
    """Give the batches of `root`; `beside`: read in a process. Its `next` blocks: for a thread.

    Raises: in `next`, OSError and ReaderDied.
    """
    if not beside:
        yield batches(root, size)
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "storage.reindex_reader", str(root), str(size)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        start_new_session=True,  # Ctrl-C is for us; it ends with us
    )
    with process, closing(_received(process)) as received:
        try:
            yield received
        finally:
            process.kill()


def _received(process: subprocess.Popen[bytes]) -> Generator[Batch]:
    assert process.stdout is not None
    while True:
        try:
            one = pickle.load(process.stdout)  # our own process's
        except (EOFError, pickle.UnpicklingError):
            raise ReaderDied(f"the process {process.pid} that reads the files was ended: reindex again") from None
        if isinstance(one, OSError):
            raise one
        if one is None:
            return
        assert isinstance(one, Batch)
        yield one


def main() -> None:
    """Be the process."""
    gc.set_threshold(*RARELY)
    root, size = Path(sys.argv[1]), int(sys.argv[2])
    with suppress(BrokenPipeError):
        try:
            for batch in batches(root, size):
                _send(batch)
        except BrokenPipeError:
            raise
        except OSError as exc:
            _send(exc)
        _send(None)
    os._exit(0)  # at the end Python would complain of the pipe once more


def _send(what: Batch | OSError | None) -> None:
    pickle.dump(what, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
