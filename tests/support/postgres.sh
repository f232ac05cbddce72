#!/usr/bin/env bash
# A private PostgreSQL for the tests: its own directory, its own port, this machine only.
#
#   eval "$(tests/support/postgres.sh start)"   start one and set WHOCPA_TEST_POSTGRES in this shell
#   tests/support/postgres.sh stop              stop that one and remove it
#   tests/support/postgres.sh find              print where PostgreSQL's programs are, or fail
#
# PostgreSQL refuses to run as root, so root hands it to the user `postgres` (or `nobody`).
set -euo pipefail

say() { printf 'postgres.sh: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

has_programs() { [[ -x $1/initdb && -x $1/pg_ctl && -x $1/postgres ]]; }

# The newest of Debian's versioned folders, else whatever PATH offers.
find_programs() {
  local folder newest=""
  while IFS= read -r folder; do
    if has_programs "$folder"; then newest=$folder; fi
  done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V)
  if [[ -z $newest ]] && folder=$(command -v pg_ctl); then
    folder=$(dirname "$(readlink -f "$folder")")
    if has_programs "$folder"; then newest=$folder; fi
  fi
  [[ -n $newest ]] || return 1
  printf '%s\n' "$newest"
}

server_user() {
  if [[ $(id -u) -ne 0 ]]; then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

# Runs a command as the server's user, from a folder that user may stand in.
as_server() (
  cd /
  if [[ $(id -u) -ne 0 ]]; then
    exec "$@"
  elif command -v runuser >/dev/null; then
    exec runuser -u "$(server_user)" -- "$@"
  elif command -v setpriv >/dev/null; then
    exec setpriv --reuid "$(server_user)" --regid "$(id -g "$(server_user)")" --init-groups -- "$@"
  else
    fail "running as root needs runuser or setpriv, to start PostgreSQL as another user"
  fi
)

# A new folder which the server's user can reach, short enough for a socket's path (107 bytes).
make_home() {
  local home base
  for base in "${TMPDIR:-/tmp}" /tmp; do
    home=$(mktemp -d "$base/whocpa-postgres.XXXXXX")
    if [[ $(id -u) -eq 0 ]]; then chown "$(server_user)" "$home"; fi
    if [[ ${#home} -lt 80 ]] && as_server test -w "$home"; then
      printf '%s\n' "$home"
      return
    fi
    rmdir "$home"
  done
  fail "found no temporary folder that $(server_user) can use"
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Another program may take the port between the look and the start, hence the attempts.
launch() {
  local programs=$1 home=$2 port attempt
  for attempt in 1 2 3 4 5 6 7 8; do
    port=$((15000 + (RANDOM * 32768 + RANDOM) % 17000))
    port_is_free "$port" || continue
    if as_server "$programs/pg_ctl" start --silent --wait --timeout 60 -D "$home/data" -l "$home/log" \
      -o "-p $port" >&2; then
      printf '%s\n' "$port"
      return
    fi
    say "attempt $attempt on port $port failed"
  done
  tail -n 20 "$home/log" >&2 || true
  return 1
}

start() {
  local programs home port
  programs=$(find_programs) || fail "PostgreSQL is not installed: initdb, pg_ctl, postgres not found"
  home=$(make_home)
  # Whatever goes wrong from here on leaves nothing behind.
  # shellcheck disable=SC2064 # the folder's name is wanted as it is now
  trap "stop $(printf '%q' "$home")" EXIT
  as_server "$programs/initdb" -D "$home/data" --username whocpa --auth trust --encoding UTF8 --locale C \
    --no-instructions --no-sync >/dev/null
  as_server tee -a "$home/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home'
max_connections = 200
fsync = on
timezone = 'UTC'
CONF
  port=$(launch "$programs" "$home") || fail "PostgreSQL did not start"
  trap - EXIT
  printf 'export WHOCPA_TEST_POSTGRES=%q\n' "postgres://whocpa@127.0.0.1:$port/postgres"
  printf 'export WHOCPA_TEST_POSTGRES_HOME=%q\n' "$home"
}

# Stops exactly the server whose pid stands in this folder, then removes the folder.
stop() {
  local home=$1 pid="" left
  [[ $(basename "$home") == whocpa-postgres.* ]] || fail "$home was not made by this script"
  [[ -d $home ]] || return 0
  if [[ -f $home/data/postmaster.pid ]]; then pid=$(head -n 1 "$home/data/postmaster.pid"); fi
  if [[ -n $pid ]] && kill -INT "$pid" 2>/dev/null; then
    for ((left = 300; left > 0; left--)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    if kill -0 "$pid" 2>/dev/null; then
      say "PostgreSQL ($pid) did not stop in 30 s and is killed"
      kill -QUIT "$pid" 2>/dev/null || true
      sleep 1
    fi
  fi
  rm -rf -- "$home"
}

case "${1:-}" in
  start) start ;;
  stop) stop "${2:-${WHOCPA_TEST_POSTGRES_HOME:?nothing to stop: WHOCPA_TEST_POSTGRES_HOME is not set}}" ;;
  find) find_programs ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
