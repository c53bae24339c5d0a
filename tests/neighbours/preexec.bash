# What bash-preexec (0.6) does, in short: at the first prompt it takes the first and the last place in PROMPT_COMMAND, and
# a DEBUG trap, or from bash 5.3 on PS0, calls the preexec functions for the first command behind the last place.
bash_preexec_imported=defined
bp_waiting=''
# Before 5.1 only the first entry of PROMPT_COMMAND runs.
bp_lists=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501))

bp_status() { return "${1:-0}"; }

bp_precmd() {
    local status=$? function_
    for function_ in "${precmd_functions[@]}"; do
        bp_status "$status"
        "$function_"
    done
    bp_status "$status"
}

# The last place; called within another function it does not count, since more may come.
__bp_interactive_mode() {
    ((${#FUNCNAME[*]} > 1)) || bp_waiting=yes
}

bp_call() {
    local line function_
    line="$(LC_ALL=C HISTTIMEFORMAT='' builtin history 1)"
    line="${line#*[[:digit:]][* ] }"
    for function_ in "${preexec_functions[@]}"; do
        "$function_" "$line"
    done
}

bp_preexec() {
    [[ -n "$bp_waiting" && -z "${COMP_POINT-}${READLINE_POINT-}" ]] || return 0
    bp_waiting=''
    # A prompt command that comes behind the last place would be taken for a typed line.
    case "$BASH_COMMAND" in bp_* | __bp_*) return 0 ;; esac
    bp_call
}

bp_install() {
    local status=$? entry
    local -a others=()
    for entry in "${PROMPT_COMMAND[@]}"; do
        entry="${entry//bp_install/:}"
        case "$entry" in : | '') ;; *) others+=("$entry") ;; esac
    done
    PROMPT_COMMAND=("bp_precmd${others:+$'\n'$others}" "${others[@]:1}" __bp_interactive_mode)
    ((bp_lists)) || PROMPT_COMMAND+=$'\n__bp_interactive_mode'
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 503)); then
        PS0="${PS0-}"'${ bp_call >&2; }'
    else
        trap bp_preexec DEBUG
    fi
    bp_status "$status"
    bp_precmd
    bp_waiting=yes
}
declare -ft bp_install

if ((bp_lists)); then
    PROMPT_COMMAND+=(bp_install)
else
    PROMPT_COMMAND+="${PROMPT_COMMAND:+$'\n'}bp_install"
fi
