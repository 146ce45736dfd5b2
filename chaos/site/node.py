"""An API process or worker with fail points: `python -m chaos.site.node serve|work`, with Holdfast's own settings.

CHAOS_POINTS names the folder in which points are armed (`chaos.site.fail_points`).
"""

import os
import sys
from pathlib import Path

from chaos.site.fail_points import FOLDER_VARIABLE, install


def main(arguments: list[str]) -> int:
    """Install the fail points, then build and run what Holdfast's own command would."""
    install(Path(os.environ[FOLDER_VARIABLE]))
    # Imported after the transactions were replaced.
    from holdfast.bootstrap.api import serve  # noqa: PLC0415
    from holdfast.bootstrap.worker import work  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415 - likewise

    settings = load_settings()
    if arguments == ["serve"]:
        serve(settings)
    elif arguments == ["work"]:
        work(settings)
    else:
        sys.stderr.write("usage: python -m chaos.site.node serve|work\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
