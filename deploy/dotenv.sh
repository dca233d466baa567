# Sourced by the other scripts: what the operator set for the stack, in the environment or else in .env, as docker compose
# takes it. (`docker compose config` would say it too, but refuses to while secrets are missing.)

# dotenv NAME DEFAULT
dotenv() {
  eval "value=\${$1-}"
  if [ -z "$value" ] && [ -f .env ]; then
    value=$(sed -n -e "s/^ *\(export \)\{0,1\}$1=//p" .env | tail -n 1 | sed -e 's/[[:space:]]#.*$//' -e 's/[[:space:]]*$//' \
      -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'\$/\1/")
  fi
  echo "${value:-$2}"
}
