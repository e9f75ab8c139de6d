#!/bin/bash
# Runs as a service of a Debian that was just booted: installs the package, starts both units, takes the package away
# again. A line says whether all went well.
exec > /root/result 2>&1
finish() {
  [ $? -eq 0 ] && echo "ALL WELL" || { systemctl --no-pager --lines=20 status 'leafcutter-*'; echo FAILED; }
  systemctl poweroff
}
trap finish EXIT
set -euxo pipefail

dpkg --install /root/leafcutter.deb
systemd-analyze verify --man=no /usr/lib/systemd/system/leafcutter-{agent,coordinator}.service
printf token-of-agents > /etc/leafcutter/agent-tokens
printf token-of-admins > /etc/leafcutter/admin-tokens
printf token-of-agents > /etc/leafcutter/coordinator-token

# No MySQL and no Redis here: the coordinator keeps its counters in its own folder.
mkdir /etc/systemd/system/leafcutter-coordinator.service.d
cat > /etc/systemd/system/leafcutter-coordinator.service.d/embedded.conf <<END
[Service]
LoadCredential=
LoadCredential=agent-tokens:/etc/leafcutter/agent-tokens
LoadCredential=admin-tokens:/etc/leafcutter/admin-tokens
Environment=
Environment=LEAFCUTTER_AGENT_TOKENS_FILE=%d/agent-tokens LEAFCUTTER_ADMIN_TOKENS_FILE=%d/admin-tokens
Environment=LEAFCUTTER_AUTO_CREATE_TAGS=true
END
echo LEAFCUTTER_SNOWFLAKE_ENABLED=true >> /etc/leafcutter/agent.env
systemctl daemon-reload

draw() { curl --silent --show-error --fail --retry 60 --retry-delay 1 --retry-all-errors "http://127.0.0.1:8000/v1/$1"; }
systemctl enable --now leafcutter-coordinator leafcutter-agent
first=$(draw ids/demo)
snowflake=$(draw snowflake)
test "$first" -eq 1
test "$snowflake" -gt 0
[ "$(stat --format=%U /proc/"$(systemctl show --value --property=MainPID leafcutter-agent)")" = leafcutter ]

systemctl reload leafcutter-coordinator leafcutter-agent
# An upgrade to the same: what runs is started anew, and goes on above.
before=$(systemctl show --value --property=MainPID leafcutter-agent)
dpkg --install /root/leafcutter.deb
test "$before" -ne "$(systemctl show --value --property=MainPID leafcutter-agent)"
test "$(draw ids/demo)" -gt "$first"

dpkg --remove leafcutter
systemctl list-units --all 'leafcutter-*' --state=failed --no-legend | wc --lines | grep --line-regexp 0
[ ! -e /etc/systemd/system/multi-user.target.wants/leafcutter-agent.service ]
dpkg --purge leafcutter | grep 'may hold counters'
[ -s /var/lib/private/leafcutter-coordinator/.leafcutter/leafcutter.db ]
[ ! -e /etc/leafcutter/agent.env ]
