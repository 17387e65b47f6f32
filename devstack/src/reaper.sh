# Outlives its parent by a moment and leaves nothing of it behind. It reads one order per line;
# the pipe's end means that the parent is gone, in whatever way.
#   watch <pid>:<signal>   end this process with that signal
#   forget <pid>           it has ended, its number may soon be somebody else's
#   remove <folder>        delete this folder in the end
trap '' HUP INT TERM
watched=
folders=
while IFS= read -r line; do
  what=${line#* }
  case $line in
    watch\ *) watched="$watched $what" ;;
    forget\ *)
      kept=
      for each in $watched; do
        [ "${each%%:*}" = "$what" ] || kept="$kept $each"
      done
      watched=$kept
      ;;
    remove\ *) folders="$folders$what
" ;;
  esac
done

# Noise aside, standard error stays open (as 3) until we are done.
exec 3>&2 2>/dev/null
# A stopped process takes the signal once it goes on.
for each in $watched; do
  kill -s "${each#*:}" "${each%%:*}"
  kill -s CONT "${each%%:*}"
done

# Ten seconds: Postgres itself waits five for a child that does not listen.
rounds=100
while [ "$rounds" -gt 0 ]; do
  alive=
  for each in $watched; do
    kill -s 0 "${each%%:*}" && alive=yes
  done
  [ -n "$alive" ] || break
  rounds=$((rounds - 1))
  sleep 0.1
done
for each in $watched; do
  kill -s KILL "-${each%%:*}"
done

printf '%s' "$folders" | while IFS= read -r folder; do
  rm -rf -- "$folder"
done
