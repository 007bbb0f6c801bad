"""The errors that a user can mend. Each message says the rule, the value seen and the remedy in one line."""

import errno

from hyperprune.printable import printable


class HyperpruneError(Exception):
    """Base of every error that the command line turns into one line and exit status 2.

    Names from files and networks may stand in its message; signs that would steer a terminal do not.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class ConfigurationError(HyperpruneError, ValueError):
    """A value that the rules of the configuration exclude."""


class UnknownNameError(ConfigurationError):
    """A name that no registry holds; the message lists the known ones."""


class CorpusError(HyperpruneError, ValueError):
    """A corpus that cannot be read or is too small for its purpose."""


class DownloadError(HyperpruneError):
    """A file that could not be fetched, or is not the one that was asked for."""


class CheckpointError(HyperpruneError):
    """A checkpoint that is damaged or belongs to another network."""


class RunFolderError(HyperpruneError):
    """A run folder that is in use, of another configuration, or not writable."""


class ExportError(HyperpruneError):
    """An exported network that is damaged or that this version does not read; or an export that failed."""


class DivergedError(HyperpruneError):
    """Training left the finite numbers; the candidate is recorded as failed."""


class WorkerDiedError(HyperpruneError):
    """The process of a job died, again and again, and took its reason with it."""


_OUT_OF_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "_status_alloc_failed",  # cuBLAS, cuDNN, cuSOLVER, cuSPARSE
    "_status_internal_error_device_allocation_failed",  # cuDNN 9
    "cudaerrormemoryallocation",
)


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; torch's CPU allocator says so in the words of a RuntimeError, and CUDA's
    libraries by a status of their own: CUBLAS_STATUS_ALLOC_FAILED and the like.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in said for words in _OUT_OF_MEMORY)
