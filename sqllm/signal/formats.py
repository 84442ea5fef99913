"""The kinds of files that are taken: one table for the decoder, for folders, for the page and for what messages say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

FORMATS_IN_WORDS = "WAV, FLAC, MP3, Ogg/Opus, M4A, WebM, AMR, WMA, AIFF, AU and CAF"
RAW_SUFFIXES = (".raw", ".pcm")  # samples without a header, of any rate
RAW_ENCODINGS = ("s16le", "s16be", "s8", "u8", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be", "alaw", "mulaw")


@dataclass(frozen=True)
class FileFormat:
    """A kind of file: its name, FFmpeg's demuxer and the suffixes it goes by.

    A file with a header is known by its contents, whatever its suffix. One without (`rate` in Hz, one channel) is known
    by its suffix alone.
    """

    name: str
    demuxer: str
    suffixes: tuple[str, ...]
    rate: int | None = None


# PyAV also opens playlists and session descriptions, which name other files or hosts: only plain containers pass.
FORMATS = (
    FileFormat("WAV", "wav", (".wav", ".wave", ".bwf", ".rf64", ".bw64")),
    FileFormat("W64", "w64", (".w64",)),
    FileFormat("AIFF", "aiff", (".aif", ".aiff", ".aifc")),
    FileFormat("AU", "au", (".au", ".snd")),
    FileFormat("CAF", "caf", (".caf",)),
    FileFormat("NIST SPHERE", "nistsphere", (".sph", ".nist")),
    FileFormat("FLAC", "flac", (".flac",)),
    FileFormat("MP3", "mp3", (".mp3", ".mp2")),
    FileFormat("Ogg", "ogg", (".ogg", ".oga", ".opus", ".spx", ".ogv", ".ogx")),
    FileFormat("MP4", "mov", (".m4a", ".mp4", ".m4b", ".m4v", ".mov", ".qt", ".3gp", ".3gpp", ".3g2", ".3ga", ".f4a")),
    FileFormat("Matroska", "matroska", (".webm", ".weba", ".mka", ".mkv")),
    FileFormat("ASF", "asf", (".wma", ".asf", ".wmv")),
    FileFormat("AMR", "amr", (".amr", ".awb")),
    FileFormat("AAC", "aac", (".aac", ".adts")),
    FileFormat("G.722", "g722", (".g722",), 16_000),
    FileFormat("GSM", "gsm", (".gsm",), 8_000),
    FileFormat("A-law", "alaw", (".alaw", ".al"), 8_000),
    FileFormat("mu-law", "mulaw", (".ulaw", ".ul", ".mulaw", ".mu"), 8_000),
    FileFormat("16-bit samples", "s16le", (".sln",), 8_000),
    FileFormat("16-bit samples", "s16le", (".sln16",), 16_000),
)
CONTAINERS = ",".join(known.demuxer for known in FORMATS if known.rate is None)
AUDIO_SUFFIXES = frozenset(suffix for known in FORMATS for suffix in known.suffixes) | frozenset(RAW_SUFFIXES)

# Sound and moving pictures that can't be read: a folder's table names them, and says so.
_OTHER_MEDIA = (
    "ac3 ape avi dff dsf dts dvf eac3 flv m2ts mid midi mpc mpeg mpg mts mxf ra rm shn tak tta vob voc vox wv"
)
OTHER_MEDIA_SUFFIXES = frozenset(f".{ending}" for ending in _OTHER_MEDIA.split())


def is_media(path: PurePath) -> bool:
    """Whether a file goes by a suffix of sound or video; one whose name begins with a point belongs to the system."""
    return path.suffix.lower() in AUDIO_SUFFIXES | OTHER_MEDIA_SUFFIXES and not path.name.startswith(".")


def headerless(suffix: str) -> FileFormat | None:
    """The format of a file without a header that goes by this suffix, if there is one."""
    return next((known for known in FORMATS if known.rate and suffix.lower() in known.suffixes), None)


def has_container_suffix(name: str) -> bool:
    """Whether a file's name says that it has a header."""
    return any(PurePath(name).suffix.lower() in known.suffixes for known in FORMATS if not known.rate)


def container_name(demuxer: str) -> str:
    """The name of a container by FFmpeg's name of it ("mov,mp4,m4a,3gp,3g2,mj2")."""
    parts = demuxer.split(",")
    return next((known.name for known in FORMATS if known.demuxer in parts), demuxer)
