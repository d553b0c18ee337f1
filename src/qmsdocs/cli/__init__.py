"""The command line: parse, call one function, print, return the exit code. The only importer of click."""
