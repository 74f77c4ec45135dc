"""The command `onefile`: each verb a paragraph of calls in a module of its own, loaded when asked for."""
