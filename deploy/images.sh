#!/bin/sh
# Pins the stack's images by digest: `make images` calls it. It looks up each tag in deploy/images.yml and deploy/Dockerfile in its
# registry, and writes name:tag@sha256:…; a moving tag (postgres:17) is updated to its newest image in this way.
# With arguments, as in `sh deploy/images.sh apache/kafka:4.3.2`, these images get another tag first.
# Status 1 if a digest could not be found: that line is unchanged.
set -eu
cd "$(dirname "$0")/.."
stack=deploy/images.yml
own=deploy/Dockerfile
work=$(mktemp)
trap 'rm -f "$work"' EXIT
trap 'exit 1' HUP INT TERM

references() { # name:tag[@digest] of every image
  sed -n 's/.*{image: "\([^"]*\)"}.*/\1/p' "$stack"
  sed -n 's/^ARG BASE=//p' "$own"
}

tag_of() { echo "${1%%@*}"; }

name_of() ( # a registry's port also has a colon, followed by a slash
  reference=$(tag_of "$1")
  case ${reference##*/} in *:*) echo "${reference%:*}" ;; *) echo "$reference" ;; esac
)

replace() { # old new
  old=$(printf '%s' "$1" | sed 's/\./\\./g')
  for file in "$stack" "$own"; do
    sed -e "s|{image: \"$old\"}|{image: \"$2\"}|" -e "s|^ARG BASE=$old\$|ARG BASE=$2|" "$file" >"$work"
    cat "$work" >"$file"
  done
}

digest() { # name:tag -> sha256:…, of all its platforms; fails if no registry answers
  if docker buildx version >/dev/null 2>&1; then
    found=$(docker buildx imagetools inspect --format '{{ .Manifest.Digest }}' "$1") || return 1
  else
    docker pull --quiet "$1" >/dev/null || return 1
    found=$(docker image inspect --format '{{ range .RepoDigests }}{{ println . }}{{ end }}' "$1") || return 1
    found=$(printf '%s\n' "$found" | sed -n 's/.*@//p' | head -n 1)
  fi
  printf '%s\n' "$found" | grep -x 'sha256:[0-9a-f]\{64\}'
}

for new in "$@"; do
  [ "$(name_of "$new")" != "$(tag_of "$new")" ] || { echo "$new has no tag: give name:tag" >&2; exit 2; }
  old=
  for reference in $(references); do
    [ "$(name_of "$reference")" != "$(name_of "$new")" ] || old=$reference
  done
  [ -n "$old" ] || { echo "the stack has no image $(name_of "$new"), but: $(references | tr '\n' ' ')" >&2; exit 2; }
  replace "$old" "$(tag_of "$new")"
done

status=0
for reference in $(references); do
  tag=$(tag_of "$reference")
  if ! pin=$(digest "$tag"); then
    echo "$tag: no registry returned a digest, the line is unchanged" >&2
    status=1
  elif [ "$reference" = "$tag@$pin" ]; then
    echo "$tag: already at $pin"
  else
    replace "$reference" "$tag@$pin"
    echo "$tag: pinned to $pin"
  fi
done
echo 'Commit the two files. To run these images: docs/runbooks/upgrade.md'
exit $status
