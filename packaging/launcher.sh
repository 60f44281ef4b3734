#!/bin/sh
# Starts floatip. Beside this script, lib/ has its JavaScript, and Deno's own program under the name that ps and pgrep shall show.
self=$0
case $self in */*) ;; *) self=./$self ;; esac
if [ -h "$self" ]; then
    # The link of the packages is known: another process would be milliseconds of every start.
    if [ "$self" -ef /usr/lib/floatip/floatip ]; then self=/usr/lib/floatip/floatip; else self=$(readlink -f -- "$self"); fi
fi
lib=${self%/*}/lib

# By this the daemon finds its own program again, which reads the configuration for it.
case $self in /*) export FLOATIP_LAUNCHER="$self" ;; *) export FLOATIP_LAUNCHER="$PWD/$self" ;; esac

# Deno reads these too, and would complete words, change its flags or write elsewhere instead of running floatip.
unset COMPLETE DENO_V8_FLAGS DENO_COMPAT DENO_COVERAGE_DIR
# No search for updates, no `node` put into a cache folder, and no cache folder in anybody's home.
export DENO_NO_UPDATE_CHECK=1 DENO_DISABLE_NODE_SHIM=1 DENO_DIR=/dev/null/floatip
# On a terminal Deno would say that it cannot keep a cache there. What floatip says is not touched by this.
export DENO_LOG=off

# Without --no-config a package.json or deno.json in the current folder would be obeyed.
# The heap's bounds keep the daemon small; FLOATIP_V8_FLAGS adds flags (the service's --jitless).
# SIGUSR1 would open Deno's debugger to everybody on this machine.
exec env --block-signal=USR1 "$lib/floatip" run --quiet --allow-all --no-prompt --no-config --no-lock --no-npm --no-remote --no-code-cache \
  --v8-flags="--max-old-space-size=64,--max-semi-space-size=1${FLOATIP_V8_FLAGS:+,$FLOATIP_V8_FLAGS}" \
  "$lib/floatip.js" "$@"
