#!/bin/bash
# A container's health check: asks the service in it whether events flow. 0 when it answers 2xx, else 1 with the
# service's own words, which `docker inspect` shows. It runs every few seconds in each container, so no interpreter is
# started for it: that took more of an idle stack than the services did.
exec 3<>/dev/tcp/127.0.0.1/8000 || exit 1
printf 'GET %s HTTP/1.0\r\n\r\n' "$KINERJA_HEALTH_PATH" >&3
IFS= read -r -t 5 -u 3 status || { echo "no answer within 5 s"; exit 1; }
[[ $status == "HTTP/1."[01]" 2"* ]] && exit 0
while IFS= read -r -t 5 -u 3 line && [[ -n ${line%$'\r'} ]]; do :; done
echo "${status%$'\r'}"
head -c 500 <&3
exit 1
