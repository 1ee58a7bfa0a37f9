"""docs/deploy.md, command by command, on this machine: `make test-deploy`, never part of `make test-all`."""
