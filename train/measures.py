"""Hold the measured facts against made signals whose truth is known, and print a table of errors.

    python -m train.measures SPEECH NOISE [CLIPS]

SPEECH and NOISE are folders of audio files (with subfolders) of clean speech and of noise; CLIPS (default 40) of the
speech are drawn, evenly over the folder. Takes about 2 s a clip.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Run the command: its help, or the table; 0, or 2 where the folders don't do."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if len(arguments) not in (2, 3) or (not arguments[-1].isdigit() and len(arguments) == 3):
        print("Give two folders: python -m train.measures SPEECH NOISE [CLIPS]", file=sys.stderr)
        return 2
    from sqllm.evaluation.measures_validation import validate
    from sqllm.signal.folder import media_files

    folders = [Path(folder) for folder in arguments[:2]]
    files = [media_files(folder) for folder in folders]
    for folder, found in zip(folders, files, strict=True):
        if not found:
            print(f"{folder} holds no audio files.", file=sys.stderr)
            return 2
    speech, noise = files
    wanted = int(arguments[2]) if len(arguments) == 3 else 40
    print("\n".join(validate(speech[:: max(1, len(speech) // wanted)][:wanted], noise).lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
