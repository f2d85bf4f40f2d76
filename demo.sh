#!/bin/sh
# The demo: the sample articles become a newsroom, and five commands show it. Run by `make demo`.
# Each command is printed with "$ " before it runs; what is printed below it is its own output.
set -eu
cd "$(dirname "$0")"

# A machine that has never used git has no name to commit with; the demo brings its own.
export GIT_AUTHOR_NAME="Harbor Ledger web desk" GIT_AUTHOR_EMAIL="desk@harbor-ledger.example"
export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL="$GIT_AUTHOR_EMAIL"

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

rm -rf demo
show tracker import articles/ --into demo

cd demo
show tracker history dolyna-road-casualties
show tracker diff dolyna-road-casualties 1 2
show tracker diff pier-9-ferry-terminal 2 3
show tracker changelog
show tracker footer dolyna-road-casualties

printf '\nThe newsroom is the folder demo/: an ordinary git repository. Look around in it:\n'
printf '  cd demo && git log --stat\n'
