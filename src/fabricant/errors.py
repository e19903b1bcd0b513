"""The one exception tree of Fabricant. Each message is a sentence that says what to do next."""


class FabricantError(Exception):
    """Root of everything that this library raises on purpose. `exit_code` is what the command line ends with."""

    exit_code = 1
