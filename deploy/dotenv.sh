# Sourced by the other scripts: reads the stack's settings from the environment, else from .env, in the same way as docker compose.

# dotenv NAME DEFAULT: the value, or a line on standard error and a status other than 0.
dotenv() {
  if docker compose version >/dev/null 2>&1; then
    value=$(_asked "$1") || return 1
  else
    value=$(_plain "$1") || return 1
  fi
  case $value in '~' | '~/'*) value=$HOME${value#\~} ;; esac
  printf '%s\n' "${value:-$2}"
}

# Compose itself handles quotes, comments, ${OTHER} and COMPOSE_ENV_FILES. This uses a project with only this value, because Compose
# refuses to read the stack's files while a required setting is missing.
_asked() {
  shown=$(printf 'services: {asked: {image: "-${%s-}"}}\n' "$1" | docker compose --project-directory . --file - config --images 2>&1) || {
    echo "$shown" >&2
    return 1
  }
  printf '%s\n' "$shown" | sed -n 's/^-//p'
}

# Without Compose: only plain values, so that every value is read as Compose reads it later.
_plain() {
  eval "[ -z \"\${$1+set}\" ]" || { eval "printf '%s\n' \"\$$1\""; return 0; }
  [ -f .env ] || return 0
  line=$(tr -d '\r' <.env | sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$1[[:space:]]*=[[:space:]]*//p" | tail -n 1)
  case $line in *[\$\\\`]*)
    printf '%s\n' "$1 in .env is $line: docker compose is not here to read that; write the value itself" >&2
    return 1 ;;
  esac
  printf '%s\n' "$line" | sed -e 's/^"\([^"]*\)".*$/\1/' -e t -e "s/^'\([^']*\)'.*\$/\1/" -e t -e 's/[[:space:]]#.*$//' \
    -e 's/[[:space:]]*$//'
}
