#!/bin/sh
# Stands in for the workerd binary. miniflare tells nobody its process id, and a killed parent leaves workerd running:
# the next start reads the id from this file. Ctrl-C reaches the whole terminal group: BlackTide ends workerd itself, in order.
trap '' INT HUP
echo $$ > "$BLACKTIDE_WORKERD_PID_FILE.new" && mv "$BLACKTIDE_WORKERD_PID_FILE.new" "$BLACKTIDE_WORKERD_PID_FILE"
exec "$BLACKTIDE_WORKERD" "$@"
