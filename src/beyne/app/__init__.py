"""The window: a page on this machine for people who never open a terminal.

A thin face over `beyne.api`; `beyne.app.server.serve` opens it. It holds no logic of the jobs.
"""
