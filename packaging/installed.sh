#!/bin/sh
# What remains to be done when the package's files are in place: a restart that keeps the floating addresses where the daemon
# runs, else a word about what comes next. Called by the packages' scripts.
config=/etc/floatip/floatip.toml

if [ -d /run/systemd/system ] && systemctl --quiet is-active floatip.service; then
    # A file that this version refuses must not end what the old one does.
    status=0
    problems=$(floatip check "$config" 2>&1) || status=$?
    if [ "$status" = 3 ]; then
        echo "floatip: this version refuses $config; the old one goes on running." >&2
        echo "$problems" >&2
        echo "floatip: mend the file, then: systemctl restart floatip" >&2
    else
        floatip restart || systemctl try-restart floatip.service
    fi
elif [ -e "$config" ]; then
    echo "floatip is installed. To start it with $config: systemctl enable --now floatip"
else
    cat <<EOF

floatip is installed. It does not run yet, because nobody has told it which address to hold:

  1. On one node:      sudo floatip init
                       It asks, writes $config, and prints the line for 2.
  2. On the others:    sudo floatip join ADDRESS TOKEN
  3. On all of them:   sudo systemctl enable --now floatip
  4. On any of them:   sudo floatip status

To write the file by hand: $config.example is one, and sudo floatip check looks at it.

EOF
fi
