"""Files that a kill, a full disk or a second process cannot spoil, nor a folder that somebody sent.

Whatever the package writes goes through :mod:`.writing`: under a random name that nobody can have put there,
then renamed. Whatever it reads is a regular file, of no more bytes than such a file can have
(:mod:`.reading`). A run folder is its own files and folders, without links (:mod:`.own`).
"""

from hyperprune.files.locking import LOCK, locked
from hyperprune.files.own import check_own, make_folder
from hyperprune.files.places import expanded, place
from hyperprune.files.reading import LARGEST_RECORD, as_json, opened, read_bytes, read_json, read_text, sha256
from hyperprune.files.sealing import digest, read_summed, sealed, unsealed, write_summed
from hyperprune.files.writing import (
    is_temporary,
    temporary_folder,
    tidy,
    write_atomically,
    write_bytes,
    write_json,
    write_new,
)

__all__ = [
    "LARGEST_RECORD",
    "LOCK",
    "as_json",
    "check_own",
    "digest",
    "expanded",
    "is_temporary",
    "locked",
    "make_folder",
    "opened",
    "place",
    "read_bytes",
    "read_json",
    "read_summed",
    "read_text",
    "sealed",
    "sha256",
    "temporary_folder",
    "tidy",
    "unsealed",
    "write_atomically",
    "write_bytes",
    "write_json",
    "write_new",
    "write_summed",
]
