"""The socket that a running mktui is asked over."""
