"""The commands of `python -m zemi`: one module per command or group of commands.

A command module has `add_parser(subparsers)`, which names the command and its options, and `run(args)`, which
returns the exit code. It is imported after Django is set up, and only when its command was asked for.
"""
