#!/usr/bin/env bash
# Installs what the desktop test needs: a screen without a monitor, a session bus, a real
# notification daemon, and the tools that press a button and take the picture. Debian and Ubuntu.
set -euo pipefail
programs=(Xvfb dbus-daemon notify-send xdotool import gdbus)
missing=()
for program in "${programs[@]}"; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[ -x /usr/lib/notification-daemon/notification-daemon ] || missing+=(notification-daemon)
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "desktop: missing ${missing[*]}, and no apt-get to install them with." >&2
  exit 1
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then sudo="sudo -n"; fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends \
  xvfb dbus libglib2.0-bin libnotify-bin notification-daemon xdotool imagemagick fonts-dejavu-core
