"""The room of the command line: clients of the gateway, and the commands that serve and administer.

Reading order: :mod:`program` (the tree of commands, each loaded when it is called),
:mod:`connection` and :mod:`client` (which gateway, and how it is spoken to), :mod:`problems`
(what a refusal says), :mod:`fields` (flags), :mod:`tickets` and :mod:`records` (the two large
families), :mod:`tables` and :mod:`output` (what is printed). Nothing here imports the server unless
the server is what was asked for.
"""

from tocsin.app.command_line.program import main

__all__ = ["main"]
