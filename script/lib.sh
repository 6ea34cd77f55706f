# Sourced by the scripts beside it: where the repository is, and one line a step with its log kept.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LOGS=${TENDERO_LOGS:-$ROOT/build-logs}
JOBS=$(nproc 2>/dev/null || echo 2)

die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# step NAME COMMAND…: runs it quietly; on failure shows the end of its log and returns its code
step() {
    local name=$1 log code=0
    shift
    mkdir -p "$LOGS"
    log=$LOGS/${name//[^A-Za-z0-9]/-}.log
    if [ -t 2 ]; then printf '  %s …\r' "$name" >&2; fi
    local start=$SECONDS
    "$@" </dev/null >"$log" 2>&1 || code=$?
    if [ "$code" = 0 ]; then
        printf '  %s (%d s)\n' "$name" $((SECONDS - start)) >&2
    else
        printf '  %s FAILED; from %s:\n' "$name" "$log" >&2
        { grep -E -m 8 -A 4 '(error|ERROR|FAILED|undefined reference|^not ok)' "$log"; echo '…'; tail -n 20 "$log"; } |
            cut -c 1-300 | sed 's/^/    /' >&2
    fi
    return "$code"
}

# configure DIR OPTION…: meson setup, or again with the files that exist now
configure() {
    local dir=$1
    shift
    if [ -f "$dir/build.ninja" ]; then
        meson setup --reconfigure "$dir" "$ROOT" "$@" || { rm -rf "$dir" && meson setup "$dir" "$ROOT" "$@"; }
    else
        rm -rf "$dir"
        meson setup "$dir" "$ROOT" "$@"
    fi
}

# node_packages DIR: npm ci there, unless the lock file is the one already installed
node_packages() {
    local dir=$1 mark=$1/node_modules/.installed
    if [ -f "$mark" ] && cmp -s "$mark" "$dir/package-lock.json"; then return 0; fi
    (cd "$dir" && npm ci --no-fund --no-audit) && cp "$dir/package-lock.json" "$mark"
}

# console_sum: changes when anything the console is built from does
console_sum() {
    (cd "$ROOT/console" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

console_build() {
    local mark=$ROOT/console/dist/.made-from sum
    [ -f "$ROOT/console/package.json" ] || { echo "no console in this tree"; return 0; }
    sum=$(console_sum)
    if [ -f "$mark" ] && [ "$(cat "$mark")" = "$sum" ]; then return 0; fi
    node_packages "$ROOT/console" && (cd "$ROOT/console" && npm run build) && console_sum >"$mark"
}

# browser: path of a Chromium or Chrome, or nothing
browser() {
    local name
    if [ -n "${TENDERO_CHROMIUM:-}" ]; then echo "$TENDERO_CHROMIUM"; return; fi
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        # Ubuntu's chromium-browser is a script that only asks for the snap
        if command -v "$name" >/dev/null && ! grep -qs 'snap install chromium' "$(command -v "$name")"; then
            command -v "$name"
            return
        fi
    done
}
