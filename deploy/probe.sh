#!/bin/bash
# A container's health check: requests the service's health. Status 0 if it answers 2xx, else 1 with the service's
# message, which `docker inspect` shows. It runs every few seconds in each container, so it starts no interpreter: that
# used more CPU of an idle stack than the services.
exec 3<>/dev/tcp/127.0.0.1/8000 || exit 1
printf 'GET %s HTTP/1.0\r\n\r\n' "$KINERJA_HEALTH_PATH" >&3
IFS= read -r -t 5 -u 3 status || { echo "no answer within 5 s"; exit 1; }
[[ $status == "HTTP/1."[01]" 2"* ]] && exit 0
while IFS= read -r -t 5 -u 3 line && [[ -n ${line%$'\r'} ]]; do :; done
echo "${status%$'\r'}"
head -c 500 <&3
exit 1
