# Sourced by roles.sh and deploy/restore.sh: the options of each database of the stack. Postgres' own C.UTF-8 sorts by code
# point and uses no library, so another image cannot change the order of text under an index. POSTGRES_INITDB_ARGS in
# docker-compose.yml has the same for a new volume. template0: the only template that allows another locale.
CREATE_OPTIONS="template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' lc_collate 'C' lc_ctype 'C'"
