"""A terminal control room for MikroTik RouterOS networks, and the same thing without the terminal.

This docstring is the plan of the house. Imports only go down, the core knows no screen, one thing has one home;
``lint-imports`` and ``tests/test_house.py`` enforce it.

::

    cli            argv -> services -> stdout; one command a file, groups in folders, imported when they are called
    tui            keys -> services; one frozen snapshot -> widgets. Owns no router. actions.py: every key, once;
                   driver.py and cell_diff.py: what of a picture is sent
    web            HTTP: JSON, metrics, the terminal in a browser. Renders snapshots; aiohttp, only in here
    services       what every front end can do: one start, one stop, actions, snapshots. No drawing; control/: how a
                   running one is asked by others, and how a screen shows one that runs elsewhere
    config         the file: model, load with line numbers, secrets, presets. Read here and nowhere else
    stability      what a router and its pool bear: a scenario a file, a runner, a report
    sync           billing -> router. Pure: mapping, planner, guards, renames, rollback. run.py carries out, apply.py
                   writes, bookkeeping.py remembers
    billing        who pays for what: profiles and subscribers, registry, journal, outbox, leases; sources/: CSV and
                   other systems' databases
    monitor        what happened: the snapshot's form, the ring of events, history; what it means: diagnosis, outlook,
                   review
    simulator      a RouterOS that is not there. Sees the protocol and nothing else of the core
    core           the resilient client; anyio alone; no file, no database, no screen
      client         one router, as a person would ask it
      pool           how hard we may lean on it. dispatcher.py decides; pool.py and execution.py await
      connection     one socket, one login, many calls in flight
      protocol       bytes <-> sentences; no I/O, no clock
    errors, clock, folders, resources, quick, background

Four walks, each without doubling back:

* A key press: ``tui.app`` action -> ``services`` action -> pool -> events -> snapshot -> widgets.
* A read: ``Client.get`` -> ``Pool.execute`` -> ``Dispatcher.submit`` -> ``Connection.begin`` -> bytes -> decoder ->
  session finds the tag -> outcome -> caller. One deadline travels the whole way.
* A sync: billing -> ``sync.planner`` -> ``sync.guards`` -> ``sync.apply`` through the client, its diary the journal ->
  kicks -> report -> screen or JSON.
* What is seen: pool events -> ``monitor`` -> one frozen ``Snapshot``; screen and JSON render the same object.

A library user starts at ``mktui.core``.
"""
