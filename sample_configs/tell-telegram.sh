#!/bin/sh
# Tells a Telegram chat of an alert: a hook of mktui's [[alerts.hooks]], which gives the chat's number as an argument.
# The bot's token stands in a file that only mktui's user may read, and goes to curl over stdin: no process list shows it.
set -eu
chat=$1
token=$(cat "${TELEGRAM_TOKEN_FILE:-/etc/mktui/telegram.token}")
case $MKTUI_ALERT_STATUS in
    firing) mark="FIRING" ;;
    *) mark="RESOLVED" ;;
esac
text="$mark $MKTUI_ALERT_SEVERITY
$MKTUI_ALERT_SUMMARY
$MKTUI_ALERT_DESCRIPTION"
printf 'url = "https://api.telegram.org/bot%s/sendMessage"\n' "$token" |
    curl --silent --show-error --fail --max-time 20 --output /dev/null --config - \
        --data-urlencode "chat_id=$chat" --data-urlencode "text=$text"
