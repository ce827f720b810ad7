"""What every front end can do: one start, one stop, actions, snapshots. No drawing."""
