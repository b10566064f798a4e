"""What a shell is told so that it asks `lockgate completion SHELL -- WORD…` for the words that may come next.

No variable is read and no other command is called: a completion that ran inside the commands themselves would be a way to
make one of them end with 0. Where lockgate says nothing, the shell completes files.
"""

from __future__ import annotations

BASH = r"""# bash completion of lockgate. For this shell: source <(lockgate completion bash)
_lockgate() {
  local i n=0 word last cur previous="" line
  local -a words=()
  COMPREPLY=()
  # bash takes words apart at = and :; here they are put together again.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((n)) && [[ $word == [:=]* || $previous == *[:=] ]]; then
      words[n - 1]+=$word
    else
      words[n++]=$word
    fi
    previous=$word
  done
  cur=${words[n - 1]} last=${COMP_WORDS[COMP_CWORD]}
  if [[ $last == [:=] ]]; then last=""; fi
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    COMPREPLY+=("${line#"${cur%"$last"}"}")
  done < <(lockgate completion bash -- "${words[@]}" 2>/dev/null)
}
complete -o bashdefault -o default -F _lockgate lockgate
"""

ZSH = r"""#compdef lockgate
# zsh completion of lockgate. For this shell: source <(lockgate completion zsh)
_lockgate() {
  local line
  local -a found shown
  for line in "${(@f)$(lockgate completion zsh -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    found+=("${line%%$'\t'*}")
    shown+=("${line/$'\t'/  -- }")
  done
  if (( $#found )); then
    compadd -l -d shown -a found
  else
    _files
  fi
}
if [[ $funcstack[1] == _lockgate ]]; then _lockgate "$@"; else compdef _lockgate lockgate; fi
"""

FISH = r"""# fish completion of lockgate. For this shell: lockgate completion fish | source
function __lockgate_words
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l found (lockgate completion fish -- $words "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c lockgate -f -a '(__lockgate_words)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
